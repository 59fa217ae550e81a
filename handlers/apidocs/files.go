// Package apidocs serves the page on which the API's document is read and tried
// out: Swagger UI, carried in the program.
package apidocs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// release is what scripts/swagger-ui.sh writes; page is what shows our document with it.
var (
	//go:embed ui
	release embed.FS
	//go:embed page
	page embed.FS
)

// Index is the name of the page among Files.
const Index = "index.html"

// policy lets a page load nothing that this service does not serve. The icons in
// the style sheet are data, and the parts of the page set their own styles.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// File is content that never changes while the process runs. It is kept compressed.
type File struct {
	kind   string
	tag    string
	packed []byte
}

// NewFile is a file of the Content-Type kind.
func NewFile(kind string, content []byte) (*File, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return newPacked(kind, b.Bytes()), nil
}

func newPacked(kind string, packed []byte) *File {
	sum := sha256.Sum256(packed)
	return &File{kind: kind, tag: hex.EncodeToString(sum[:12]), packed: packed}
}

// Files are the page and what it loads, by the name at the end of their path.
func Files() (map[string]*File, error) {
	files := map[string]*File{}
	ours, err := page.ReadDir("page")
	if err != nil {
		return nil, err
	}
	for _, entry := range ours {
		content, err := page.ReadFile("page/" + entry.Name())
		if err != nil {
			return nil, err
		}
		if files[entry.Name()], err = NewFile(kindOf(entry.Name()), content); err != nil {
			return nil, err
		}
	}
	theirs, err := release.ReadDir("ui")
	if err != nil {
		return nil, err
	}
	for _, entry := range theirs {
		content, err := release.ReadFile("ui/" + entry.Name())
		if err != nil {
			return nil, err
		}
		name, packed := strings.CutSuffix(entry.Name(), ".gz")
		if packed {
			files[name] = newPacked(kindOf(name), content)
		} else if files[name], err = NewFile(kindOf(name), content); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// kindOf is the Content-Type by the name's ending. The tables of the machine
// don't count: a script that comes as text is not run.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}

// ServeHTTP answers GET: compressed to those who take it so, and 304 to those who have it.
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache") // keep, and ask whether it is still the same
	h.Set("Vary", "Accept-Encoding")
	content, tag := f.packed, f.tag+"-gzip"
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
	} else {
		plain, err := f.Content()
		if err != nil {
			http.Error(w, "the file is damaged", http.StatusInternalServerError)
			return
		}
		content, tag = plain, f.tag
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// Content is what the file holds.
func (f *File) Content() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(f.packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// takesGzip reads Accept-Encoding: gzip is named, and not with the weight 0.
func takesGzip(accepted string) bool {
	for part := range strings.SplitSeq(accepted, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, given := strings.CutPrefix(strings.TrimSpace(weight), "q=")
		n, err := strconv.ParseFloat(q, 64)
		return !given || err == nil && n > 0
	}
	return false
}
