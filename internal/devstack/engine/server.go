package engine

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
)

// server answers ClickHouse's HTTP interface with one engine session per request, so settings never leak.
type server struct {
	lib     *library
	dataDir string
	version string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/ping" || r.URL.Path == "/replicas_status",
		r.URL.Path == "/" && r.Method == http.MethodGet && r.URL.Query().Get("query") == "":
		writeText(w, http.StatusOK, "Ok.\n")
		return
	case r.URL.Path != "/" && r.URL.Path != "/query":
		writeText(w, http.StatusNotFound, "There is no handle "+r.URL.Path+"\n")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST")
		writeText(w, http.StatusMethodNotAllowed, "Only GET and POST are answered.\n")
		return
	}
	req, err := parseRequest(r)
	if err == nil {
		err = s.run(w, req)
	}
	if err != nil {
		writeError(w, err)
	}
}

func (s *server) run(w http.ResponseWriter, req *request) error {
	if req.hello {
		return s.hello(w, req)
	}
	if req.stmt.text == "" {
		return &exception{code: 62, text: "Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)"}
	}
	session, err := s.open(req)
	if err != nil {
		return err
	}
	defer session.close()
	if req.stmt.insert {
		done, err := session.insert(req.stmt.text, req.stmt.format, req.params, req.data())
		if err != nil {
			return err
		}
		summary(w, done)
		w.WriteHeader(http.StatusOK)
		return nil
	}
	return session.query(req.stmt.text, req.format, req.params, func(data []byte, done answer) error {
		summary(w, done)
		return send(w, req, data)
	})
}

// open makes the session of one request: its database, its settings, and for GET read-only as ClickHouse has it.
func (s *server) open(req *request) (*session, error) {
	session, err := openSession(s.lib, "--path="+s.dataDir)
	if err != nil {
		return nil, err
	}
	if req.database != "" && req.database != "default" {
		err = session.query("USE `"+escapeBackquotes(req.database)+"`", "Null", nil, nil)
	}
	if err == nil {
		err = session.set(req.settings)
	}
	if err == nil && req.readOnly {
		err = session.set(map[string]string{"readonly": "2"})
	}
	if err != nil {
		session.close()
		return nil, err
	}
	return session, nil
}

// hello answers clickhouse-go's first question: revision 0 makes both sides speak plain Native from then on, which is
// what the engine reads and writes. The question itself is asked, and so answered, in the client's own revision.
func (s *server) hello(w http.ResponseWriter, req *request) error {
	const revision = 54483
	name, version, zone := new(proto.ColStr), new(proto.ColStr), new(proto.ColStr)
	name.Append("jifen")
	version.Append(s.version)
	zone.Append("UTC")
	number := proto.ColUInt32{0}
	input := proto.Input{
		{Name: "displayName()", Data: name},
		{Name: "version()", Data: version},
		{Name: "revision()", Data: &number},
		{Name: "timezone()", Data: zone},
	}
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(input), Rows: 1}
	var buf proto.Buffer
	if err := block.EncodeBlock(&buf, revision, input); err != nil {
		return fmt.Errorf("encode the hello block: %w", err)
	}
	return send(w, req, buf.Buf)
}

// send writes data, in ClickHouse's compressed blocks if the request wants them.
func send(w http.ResponseWriter, req *request, data []byte) error {
	w.Header().Set("Content-Type", contentType(req.format))
	w.Header().Set("X-ClickHouse-Format", req.format)
	w.Header().Set("X-ClickHouse-Timezone", "UTC")
	if !req.compress {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data) // a client that went away is nobody's error
		return nil
	}
	method := compress.LZ4
	if req.zstd {
		method = compress.ZSTD
	}
	blocks := compress.NewWriter(compress.LevelZero, method)
	for len(data) > 0 {
		n := min(len(data), 1<<20)
		if err := blocks.Compress(data[:n]); err != nil {
			return fmt.Errorf("compress the answer: %w", err)
		}
		if _, err := w.Write(blocks.Data); err != nil {
			return nil //nolint:nilerr // a client that went away is nobody's error
		}
		data = data[n:]
	}
	return nil
}

func contentType(format string) string {
	switch format {
	case "JSON", "JSONCompact":
		return "application/json; charset=UTF-8"
	case "Native", "RowBinary", "Parquet":
		return "application/octet-stream"
	case "CSV":
		return "text/csv; charset=UTF-8"
	}
	return "text/tab-separated-values; charset=UTF-8"
}

func summary(w http.ResponseWriter, done answer) {
	w.Header().Set("X-ClickHouse-Summary", fmt.Sprintf(`{"read_rows":"%d","written_rows":"%d"}`, done.read, done.written))
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// writeError answers as ClickHouse does: the status of the code, the code in a header, the text in the body.
func writeError(w http.ResponseWriter, err error) {
	var e *exception
	if !errors.As(err, &e) {
		e = exceptionOf(err.Error())
	}
	w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.code))
	writeText(w, e.status(), e.text+"\n")
}
