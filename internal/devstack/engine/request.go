package engine

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
)

// request is what one HTTP request asks of the engine.
type request struct {
	stmt     statement
	body     io.Reader // data that follows the statement's own
	format   string    // of the output, unless the statement names one
	database string
	settings map[string]string
	params   map[string]string
	compress bool // answer in ClickHouse's compressed blocks
	zstd     bool
	readOnly bool
	hello    bool // clickhouse-go's first question
}

// isSetting tells a setting from the parameters that are the front's own business (ClickHouse's HTTP interface).
func isSetting(name string) bool {
	switch name {
	case "query", "database", "default_format", "compress", "decompress", "user", "password", "quota_key", "query_id",
		"session_id", "session_timeout", "session_check", "close_session", "stacktrace", "role", "client_protocol_version",
		"wait_end_of_query", "buffer_size":
		return false
	}
	return true
}

// helloQuery is what clickhouse-go asks first on a new connection.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

func parseRequest(r *http.Request) (*request, error) {
	values := r.URL.Query()
	req := &request{format: "TabSeparated", database: values.Get("database"), settings: map[string]string{}, params: map[string]string{}}
	if v := firstOf(values.Get("default_format"), r.Header.Get("X-ClickHouse-Format")); v != "" {
		req.format = v
	}
	if req.database == "" {
		req.database = r.Header.Get("X-ClickHouse-Database")
	}
	for name := range values {
		if param, ok := strings.CutPrefix(name, "param_"); ok {
			req.params[param] = values.Get(name)
		} else if isSetting(name) {
			req.settings[name] = values.Get(name)
		}
	}
	req.compress = values.Get("compress") == "1"
	req.zstd = strings.EqualFold(values.Get("network_compression_method"), "ZSTD")
	req.readOnly = r.Method == http.MethodGet
	if err := req.readBody(r, values); err != nil {
		return nil, err
	}
	version, err := strconv.Atoi(values.Get("client_protocol_version"))
	req.hello = err == nil && version > 0 && req.stmt.text == helloQuery
	return req, nil
}

func (q *request) readBody(r *http.Request, values url.Values) error {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return &exception{code: 48, text: "Code: 48. DB::Exception: external tables are not part of the development front. (NOT_IMPLEMENTED)"}
	}
	body := io.Reader(r.Body)
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		zr, err := gzip.NewReader(r.Body)
		if err != nil {
			return fmt.Errorf("gzip body: %w", err)
		}
		body = zr
	}
	if values.Get("decompress") == "1" {
		body = newBlockReader(body)
	}
	text := values.Get("query")
	if q.stmt = parseStatement(text); text != "" && q.stmt.insert {
		q.body = body
		return nil
	}
	rest, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	if text != "" && len(rest) > 0 {
		text += "\n"
	}
	q.stmt = parseStatement(text + string(rest))
	return nil
}

// blockReader reads compressed blocks and ends between two of them; an end within a block stays an error,
// or a cut request would insert half of its rows.
type blockReader struct {
	body   *bufio.Reader
	blocks *compress.Reader
	left   int // bytes of the current block that were not read yet
}

func newBlockReader(body io.Reader) *blockReader {
	buffered := bufio.NewReaderSize(body, 1<<18)
	return &blockReader{body: buffered, blocks: compress.NewReader(buffered)}
}

func (b *blockReader) Read(p []byte) (int, error) {
	if b.left == 0 {
		head, err := b.body.Peek(blockHeader)
		if len(head) == 0 && errors.Is(err, io.EOF) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("header of a compressed block: %w", noEOF(err))
		}
		b.left = int(binary.LittleEndian.Uint32(head[blockHeader-4:]))
	}
	n, err := b.blocks.Read(p[:min(len(p), max(b.left, 1))])
	b.left -= n
	return n, noEOF(err)
}

// blockHeader is checksum (16), method (1), compressed size (4) and size (4) of a compressed block.
const blockHeader = 25

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// data is everything that an INSERT is to take in.
func (q *request) data() io.Reader {
	if q.body == nil {
		return strings.NewReader(q.stmt.data)
	}
	if q.stmt.data == "" {
		return q.body
	}
	return io.MultiReader(strings.NewReader(q.stmt.data+"\n"), q.body)
}

func firstOf(v ...string) string {
	for _, s := range v {
		if s != "" {
			return s
		}
	}
	return ""
}
