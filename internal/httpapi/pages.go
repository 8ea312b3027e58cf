package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/gin-gonic/gin"

	"jifen/internal/config"
)

const (
	brotliQuality   = 9
	compressFrom    = 512 // bytes; below it the header outweighs what is saved
	cacheHashed     = "public, max-age=31536000, immutable"
	cacheRevalidate = "no-cache"
	badgePath       = "/badge.js"
	consolePath     = "/console/"
	pageRoute       = "pages" // the label of metrics: which page or file, a client may make up
)

// hashed are the names that the build gives to files by their content: name-XXXXXXXX.ext.
var hashed = regexp.MustCompile(`^/(console/)?assets/.*-[A-Za-z0-9_-]{8}\.[a-z0-9]+$`)

// pages are the built files of mall, console and badge. They are the same for everybody, so nobody needs a token for them.
type pages struct {
	files  map[string]*page // by path
	policy map[bool]string  // Content-Security-Policy, by whether it is a page that shops may embed
	open   bool             // some shop may
}

// page is one file in the encodings that a browser may ask for, compressed when it is first asked for.
type page struct {
	name, kind, tag, cache string
	plain                  []byte
	encoded                map[string]func() []byte
}

// newPages reads every file of files. Nothing of the folder outside is served: a path is one of these or it is none.
func newPages(files fs.FS, origins []string) (*pages, error) {
	for _, o := range origins {
		if err := config.CheckOrigin(o); err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
	}
	p := &pages{files: map[string]*page{}, policy: pagePolicies(origins), open: len(origins) > 0}
	if files == nil {
		return p, nil
	}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		f := newPage("/"+name, content)
		p.files[f.name] = f
		if dir, file := path.Split(f.name); file == "index.html" {
			p.files[dir] = f
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	return p, nil
}

func newPage(name string, content []byte) *page {
	sum := sha256.Sum256(content)
	f := &page{
		name: name, plain: content, kind: mime.TypeByExtension(path.Ext(name)), tag: base64.RawURLEncoding.EncodeToString(sum[:12]),
		cache: cacheRevalidate, encoded: map[string]func() []byte{},
	}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	if hashed.MatchString(name) {
		f.cache = cacheHashed
	}
	text := strings.HasPrefix(f.kind, "text/") || slices.Contains([]string{".js", ".json", ".svg", ".webmanifest"}, path.Ext(name))
	if text && len(content) >= compressFrom {
		f.encoded["br"] = sync.OnceValue(func() []byte {
			var b bytes.Buffer
			w := brotli.NewWriterLevel(&b, brotliQuality)
			_, _ = w.Write(content) // into memory
			_ = w.Close()
			return b.Bytes()
		})
		f.encoded["gzip"] = sync.OnceValue(func() []byte {
			var b bytes.Buffer
			w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that there is
			_, _ = w.Write(content)
			_ = w.Close()
			return b.Bytes()
		})
	}
	return f
}

// pagePolicies are those of the mall, which the shops at origins may embed, and of all else. No script may stand in a page.
func pagePolicies(origins []string) map[bool]string {
	const most = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; connect-src 'self'; " +
		"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "
	ancestors := "'none'"
	if len(origins) > 0 {
		ancestors = strings.Join(origins, " ")
	}
	return map[bool]string{true: most + ancestors, false: most + "'none'"}
}

// serve answers what no route of the API takes; false: it is no page either.
func (p *pages) serve(c *gin.Context) bool {
	name := c.Request.URL.Path
	f := p.files[name]
	if f == nil && p.files[name+"/"] != nil {
		c.Redirect(http.StatusPermanentRedirect, name+"/")
		return true
	}
	if f == nil {
		return false
	}
	c.Set(pageRoute, true)
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		c.Header("Allow", "GET, HEAD")
		writeFault(c, &fault{code: codeMethod})
		return true
	}
	h := c.Writer.Header()
	p.secure(h, f)
	h.Del("Content-Language") // a page has both
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", f.cache)
	h.Set("Content-Type", f.kind)
	content, tag := f.plain, f.tag
	if encoding := f.encoding(c.GetHeader("Accept-Encoding")); encoding != "" {
		content, tag = f.encoded[encoding](), tag+"-"+encoding
		h.Set("Content-Encoding", encoding)
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(content))
	return true
}

// secure sets what browsers are told about a file. Only pages of the mall are embedded; only the badge's script is loaded by other sites.
func (p *pages) secure(h http.Header, f *page) {
	mall := !strings.HasPrefix(f.name, consolePath)
	h.Set("Content-Security-Policy", p.policy[mall])
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if mall && p.open {
		h.Del("X-Frame-Options")
	}
	if f.name == badgePath {
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
}

// encoding picks the smallest that the header accepts.
func (f *page) encoding(accept string) string {
	for _, want := range []string{"br", "gzip"} {
		if f.encoded[want] != nil && accepts(accept, want) {
			return want
		}
	}
	return ""
}

// accepts reads an Accept-Encoding header (RFC 9110, 12.5.3) for one encoding.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			return !regexp.MustCompile(`^\s*q=0(\.0*)?\s*$`).MatchString(weight)
		}
	}
	return false
}
