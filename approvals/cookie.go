package approvals

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"
)

// cookies encrypts what the endpoint keeps in a browser, with a key that is derived from the keys
// of seals. So every ingress can read what another has written, also after a restart.
type cookies struct {
	keys  SealKeys
	https bool // approvers use HTTPS, whatever the listener speaks
}

// set keeps a value in a browser for some time. The name of the cookie is part of what is sealed,
// so that no cookie can stand for another.
func (c cookies) set(w http.ResponseWriter, r *http.Request, name string, value any, age time.Duration) error {
	content, err := json.Marshal(value)
	if err != nil {
		return err
	}
	sealer, err := sealers(c.keys.Current().Derive(name))
	if err != nil {
		return err
	}
	nonce := make([]byte, sealer[0].NonceSize())
	rand.Read(nonce) // never fails
	sealed := sealer[0].Seal(nonce, nonce, content, nil)
	http.SetCookie(w, c.cookie(r, name, base64.RawURLEncoding.EncodeToString(sealed), age))
	return nil
}

// get reads a value that set has kept. It returns false if the browser sends none, or one that
// nobody has sealed.
func (c cookies) get(r *http.Request, name string, value any) bool {
	given := r.CookiesNamed(c.cookie(r, name, "", 0).Name)
	if len(given) != 1 {
		return false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(given[0].Value)
	if err != nil {
		return false
	}
	all, err := sealers(c.keys.Current().Derive(name))
	if err != nil {
		return false
	}
	for _, one := range all {
		if len(sealed) < one.NonceSize() {
			return false
		}
		if content, err := one.Open(nil, sealed[:one.NonceSize()], sealed[one.NonceSize():], nil); err == nil {
			return json.Unmarshal(content, value) == nil
		}
	}
	return false
}

// drop removes a value from a browser.
func (c cookies) drop(w http.ResponseWriter, r *http.Request, name string) {
	http.SetCookie(w, c.cookie(r, name, "", -time.Second))
}

// cookie is Secure except on the loopback interface without TLS, where browsers would drop it.
// Another site can make a browser send it only with a GET request, which decides nothing; a
// stricter cookie would be missing when somebody follows a link in a message.
func (c cookies) cookie(r *http.Request, name, value string, age time.Duration) *http.Cookie {
	secure := c.https || r.TLS != nil || !isLoopback(r.Host)
	if secure {
		name = "__Host-" + name
	}
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(age / time.Second), Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func sealers(keys [][]byte) (all []cipher.AEAD, err error) {
	for _, key := range keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		one, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
