package engine

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the part of libchdb's C interface that the front needs. Handles stay unsafe.Pointers: none of them points into Go's heap.
type library struct {
	signalHandlers func(enabled int32)
	connect        func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn      func(conn unsafe.Pointer)
	shutdown       func() int32

	query        func(conn, q unsafe.Pointer, qLen uintptr, format unsafe.Pointer, formatLen uintptr, p, pLen, v, vLen unsafe.Pointer, n uintptr) unsafe.Pointer
	streamInsert func(conn, q unsafe.Pointer, qLen uintptr, format unsafe.Pointer, formatLen uintptr, p, pLen, v, vLen unsafe.Pointer, n uintptr) unsafe.Pointer

	streamAppend  func(stream, data unsafe.Pointer, n uintptr) int32
	streamDone    func(stream unsafe.Pointer) unsafe.Pointer
	streamCancel  func(stream unsafe.Pointer)
	streamError   func(stream unsafe.Pointer) string
	streamDestroy func(stream unsafe.Pointer)

	resultBuffer  func(result unsafe.Pointer) unsafe.Pointer
	resultLength  func(result unsafe.Pointer) uintptr
	resultError   func(result unsafe.Pointer) string
	rowsRead      func(result unsafe.Pointer) uint64
	rowsWritten   func(result unsafe.Pointer) uint64
	resultDestroy func(result unsafe.Pointer)
}

// load opens the shared library and binds its functions; a function that is missing is an error, not a panic.
func load(path string) (lib *library, err error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("load ClickHouse engine %s: %w", path, err)
	}
	lib = &library{}
	for name, target := range lib.symbols() {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("ClickHouse engine %s lacks %s: %w", path, name, err)
		}
		purego.RegisterFunc(target, symbol)
	}
	// Before the first connection: the engine's handlers would replace those of Go's runtime.
	lib.signalHandlers(0)
	return lib, nil
}

func (l *library) symbols() map[string]any {
	return map[string]any{
		"chdb_set_signal_handlers_enabled": &l.signalHandlers,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_shutdown":                    &l.shutdown,
		"chdb_query_with_params_n":         &l.query,
		"chdb_stream_insert_with_params_n": &l.streamInsert,
		"chdb_stream_append":               &l.streamAppend,
		"chdb_stream_done":                 &l.streamDone,
		"chdb_stream_cancel_insert":        &l.streamCancel,
		"chdb_stream_insert_error":         &l.streamError,
		"chdb_destroy_insert_stream":       &l.streamDestroy,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_rows_read":            &l.rowsRead,
		"chdb_result_rows_written":         &l.rowsWritten,
		"chdb_destroy_query_result":        &l.resultDestroy,
	}
}
