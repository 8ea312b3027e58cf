package engine

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sort"
	"strings"
	"unsafe"
)

// session is one connection to the engine: it runs one statement at a time and keeps its own settings.
type session struct {
	lib    *library
	handle unsafe.Pointer
	conn   unsafe.Pointer
}

// answer counts what a statement did.
type answer struct{ read, written uint64 }

// openSession connects with command-line arguments such as --path=DIR; later sessions of a process share the first one's path.
func openSession(lib *library, args ...string) (*session, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	argv := make([]unsafe.Pointer, 0, len(args)+2)
	for _, a := range append([]string{"clickhouse"}, args...) {
		c := append([]byte(a), 0)
		pin.Pin(&c[0])
		argv = append(argv, unsafe.Pointer(&c[0]))
	}
	argv = append(argv, nil)
	pin.Pin(&argv[0])
	handle := lib.connect(int32(len(argv)-1), unsafe.Pointer(&argv[0]))
	if handle == nil {
		return nil, fmt.Errorf("connect to ClickHouse engine with %s: refused (is its folder in use?)", strings.Join(args, " "))
	}
	return &session{lib: lib, handle: handle, conn: *(*unsafe.Pointer)(handle)}, nil
}

func (s *session) close() { s.lib.closeConn(s.handle) }

// cParams are the values of a statement's {name:Type} placeholders, as the C interface takes them.
type cParams struct {
	names, values       []unsafe.Pointer
	nameLens, valueLens []uintptr
	pin                 runtime.Pinner
}

func newParams(params map[string]string) *cParams {
	p := &cParams{}
	for name, value := range params {
		p.names, p.nameLens = append(p.names, p.bytes(name)), append(p.nameLens, uintptr(len(name)))
		p.values, p.valueLens = append(p.values, p.bytes(value)), append(p.valueLens, uintptr(len(value)))
	}
	return p
}

// bytes pins a NUL-terminated copy of v until the parameters are released.
func (p *cParams) bytes(v string) unsafe.Pointer {
	c := append([]byte(v), 0)
	p.pin.Pin(&c[0])
	return unsafe.Pointer(&c[0])
}

func (p *cParams) release() { p.pin.Unpin() }

func first[T any](v []T) unsafe.Pointer {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Pointer(&v[0])
}

// query runs a statement that carries no data and hands its output to emit before it is freed.
func (s *session) query(q, format string, params map[string]string, emit func([]byte, answer) error) error {
	p := newParams(params)
	defer p.release()
	result := s.lib.query(s.conn, p.bytes(q), uintptr(len(q)), p.bytes(format), uintptr(len(format)),
		first(p.names), first(p.nameLens), first(p.values), first(p.valueLens), uintptr(len(p.names)))
	runtime.KeepAlive(p)
	if result == nil {
		return errors.New("the engine gave no result")
	}
	defer s.lib.resultDestroy(result)
	if msg := s.lib.resultError(result); msg != "" {
		return exceptionOf(msg)
	}
	if emit == nil {
		return nil
	}
	var data []byte
	if n := s.lib.resultLength(result); n > 0 {
		data = unsafe.Slice((*byte)(s.lib.resultBuffer(result)), n)
	}
	return emit(data, answer{read: s.lib.rowsRead(result), written: s.lib.rowsWritten(result)})
}

// insert streams data of the given format into the statement's table. The statement carries neither FORMAT nor data:
// what follows a blank line in a statement's text would run as SQL.
func (s *session) insert(stmt, format string, params map[string]string, data io.Reader) (answer, error) {
	p := newParams(params)
	defer p.release()
	stream := s.lib.streamInsert(s.conn, p.bytes(stmt), uintptr(len(stmt)), p.bytes(format), uintptr(len(format)),
		first(p.names), first(p.nameLens), first(p.values), first(p.valueLens), uintptr(len(p.names)))
	runtime.KeepAlive(p)
	if stream == nil {
		return answer{}, errors.New("the engine gave no insert stream")
	}
	defer s.lib.streamDestroy(stream)
	if msg := s.lib.streamError(stream); msg != "" {
		return answer{}, exceptionOf(msg)
	}
	if err := s.appendAll(stream, data); err != nil {
		s.lib.streamCancel(stream)
		return answer{}, err
	}
	result := s.lib.streamDone(stream)
	if result == nil {
		return answer{}, exceptionOf(s.lib.streamError(stream))
	}
	defer s.lib.resultDestroy(result)
	if msg := s.lib.resultError(result); msg != "" {
		return answer{}, exceptionOf(msg)
	}
	return answer{written: s.lib.rowsWritten(result)}, nil
}

func (s *session) appendAll(stream unsafe.Pointer, data io.Reader) error {
	buf := make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(data, buf)
		if n > 0 && s.lib.streamAppend(stream, unsafe.Pointer(&buf[0]), uintptr(n)) != 0 {
			return exceptionOf(s.lib.streamError(stream))
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the data of an insert: %w", err)
		}
	}
}

// set applies settings to this session, in the order of their names.
func (s *session) set(settings map[string]string) error {
	if len(settings) == 0 {
		return nil
	}
	names := make([]string, 0, len(settings))
	for name := range settings {
		if !isIdentifier(name) {
			return &exception{code: 115, text: fmt.Sprintf("Code: 115. DB::Exception: Setting %q is neither a builtin setting nor started with a custom prefix. (UNKNOWN_SETTING)", name)}
		}
		names = append(names, name)
	}
	sort.Strings(names)
	parts := make([]string, 0, len(names))
	for _, name := range names {
		parts = append(parts, name+" = "+quoteString(settings[name]))
	}
	return s.query("SET "+strings.Join(parts, ", "), "Null", nil, nil)
}
