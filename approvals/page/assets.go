package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// The style sheet, the script and htmx 2.0.11 (npm package htmx.org, licence Zero-Clause BSD, in
// assets/htmx.LICENSE.txt).
//
//go:embed assets/*.css assets/*.js
var assetFiles embed.FS

// asset is an embedded file. Its address holds a hash of its content, so that browsers may keep it.
type asset struct {
	name    string
	content []byte
}

// readAssets returns the embedded files by address, and their addresses by file name.
func readAssets() (byAddress map[string]asset, addresses map[string]string, err error) {
	byAddress, addresses = map[string]asset{}, map[string]string{}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		content, err := fs.ReadFile(assetFiles, path.Join("assets", entry.Name()))
		if err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(content)
		extension := path.Ext(entry.Name())
		address := "/assets/" + strings.TrimSuffix(entry.Name(), extension) + "." + hex.EncodeToString(sum[:6]) + extension
		byAddress[address], addresses[entry.Name()] = asset{entry.Name(), content}, address
	}
	return byAddress, addresses, nil
}

func (p *Page) asset(w http.ResponseWriter, r *http.Request) {
	found, ok := p.assets[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, found.name, time.Time{}, bytes.NewReader(found.content))
}
