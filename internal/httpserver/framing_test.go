package httpserver_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// seen answers with the path, and with what it read of the body.
var seen = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, _ = io.WriteString(w, r.URL.Path+" "+string(body))
})

// exchange sends bytes on one connection, in pieces of so many, and returns the answers that
// came before the server closed it, or before each request had one.
func exchange(t *testing.T, conn net.Conn, sent string, piece, requests int) (answers []string, closed bool) {
	t.Helper()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	go func() {
		for len(sent) > 0 {
			n := min(piece, len(sent))
			if _, err := io.WriteString(conn, sent[:n]); err != nil {
				return // refused in the middle
			}
			sent = sent[n:]
		}
	}()
	reader := bufio.NewReader(conn)
	for len(answers) < requests {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return answers, true
		}
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		answers = append(answers, response.Status+" "+string(body))
		if response.Close {
			_, err := reader.ReadByte()
			require.Error(t, err)
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
			return answers, true
		}
	}
	return answers, false
}

const next = "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"

func TestARequestThatIsAmbiguousIsRefusedAndTheConnectionClosed(t *testing.T) {
	t.Parallel()
	certFile, keyFile := writePair(t, t.TempDir(), "one")
	plain, _ := serve(t, seen, "", "")
	secured, _ := serve(t, seen, certFile, keyFile)
	const post, smuggled = "POST /a HTTP/1.1\r\nHost: x\r\n", "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, sent := range map[string]string{
		"both, the length first":            post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
		"both, the length last":             post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + smuggled,
		"both, a length of nothing":         post + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
		"both, in other letters":            post + "cOnTeNt-lEnGtH:4\r\ntransfer-ENCODING:Chunked\r\n\r\n" + smuggled,
		"both, with lines that end in LF":   "POST /a HTTP/1.1\nHost: x\nContent-Length: 4\nTransfer-Encoding: chunked\n\n" + smuggled,
		"both, others between":              post + "Content-Length: 4\r\nX-A: b\r\nX-B: c\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
		"both, of a GET":                    "GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
		"both, of HTTP/1.0":                 "POST /a HTTP/1.0\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
		"both, the encoding folded":         post + "Content-Length: 4\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + smuggled,
		"both, a space before the colon":    post + "Content-Length : 4\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
		"both, an encoding of another":      post + "Content-Length: 4\r\nTransfer-Encoding: identity\r\n\r\n" + smuggled,
		"chunks of HTTP/1.0":                "POST /a HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
		"two lengths that differ":           post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n" + smuggled,
		"a length that is a list":           post + "Content-Length: 4, 4\r\n\r\n" + smuggled,
		"a length with a sign":              post + "Content-Length: +4\r\n\r\n" + smuggled,
		"a length below nothing":            post + "Content-Length: -4\r\n\r\n" + smuggled,
		"a length in hexadecimal":           post + "Content-Length: 0x4\r\n\r\n" + smuggled,
		"a length that is empty":            post + "Content-Length:\r\n\r\n" + smuggled,
		"a folded line":                     post + "X-A: b\r\n c\r\n\r\n",
		"a folded line with a tab":          post + "X-A: b\r\n\tContent-Length: 4\r\n\r\n",
		"a space before the colon":          post + "Transfer-Encoding : chunked\r\n\r\n" + smuggled,
		"an encoding with a control":        post + "Transfer-Encoding: \x0bchunked\r\n\r\n" + smuggled,
		"two hosts":                         post + "Host: y\r\n\r\n",
		"a chunk whose length is no number": post + "Transfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n0\r\n\r\n",
	} {
		pieces := []int{len(sent) + len(next)}
		if strings.HasPrefix(name, "both") {
			pieces = append(pieces, 1) // what net/http refuses, it closes without reading on
		}
		for _, piece := range pieces {
			conn, err := net.Dial("tcp", plain)
			require.NoError(t, err)
			defer conn.Close()
			answers, closed := exchange(t, conn, sent+next, piece, 3)
			require.Len(t, answers, 1, name)
			require.Regexp(t, "^(400 Bad Request|501 Not Implemented)", answers[0], name)
			require.True(t, closed, name)
		}
		conn, err := tls.Dial("tcp", secured, &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		defer conn.Close()
		answers, closed := exchange(t, conn, sent+next, len(sent)+len(next), 3)
		require.Len(t, answers, 1, name)
		require.True(t, closed, name)
	}
}

func TestBothOfAFramingAreA400(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, seen, "", "")
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	// The second request of a connection is looked at, too.
	answers, closed := exchange(t, conn, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\r\n"+
		"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"+next, 7, 3)
	require.Equal(t, []string{"200 OK /a abc", "400 Bad Request 400 Bad Request"}, answers)
	require.True(t, closed)
}

func TestARequestThatIsClearIsAnswered(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, seen, "", "")
	for name, c := range map[string]struct {
		sent    string
		answers []string
		closed  bool
	}{
		"one after the other": {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + next, []string{"200 OK /a abc", "200 OK /next "}, false},
		"a body that looks like a header": {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 53\r\n\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n" + next,
			[]string{"200 OK /a Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n", "200 OK /next "}, false},
		"two lengths that agree":   {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + next, []string{"200 OK /a abc", "200 OK /next "}, false},
		"chunks, and then no more": {"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + next, []string{"200 OK /a abc"}, true},
		"empty lines between":      {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\r\n" + next, []string{"200 OK /a abc", "200 OK /next "}, false},
		"no body":                  {next + next, []string{"200 OK /next ", "200 OK /next "}, false},
	} {
		for _, piece := range []int{1, len(c.sent)} {
			conn, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer conn.Close()
			answers, closed := exchange(t, conn, c.sent, piece, 2)
			require.Equal(t, c.answers, answers, name)
			require.Equal(t, c.closed, closed, name)
		}
	}
}

func TestPlainHTTPOnATLSPortIsToldSo(t *testing.T) {
	t.Parallel()
	certFile, keyFile := writePair(t, t.TempDir(), "one")
	addr, _ := serve(t, seen, certFile, keyFile)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, next)
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(answer), "HTTP/1.0 400 Bad Request\r\n"), string(answer))
}
