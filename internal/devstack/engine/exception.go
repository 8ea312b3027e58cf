package engine

import (
	"net/http"
	"regexp"
	"strconv"
)

// exception is an error of the engine in ClickHouse's words: "Code: N. DB::Exception: …".
type exception struct {
	code int
	text string
}

func (e *exception) Error() string { return e.text }

var exceptionCode = regexp.MustCompile(`Code: (\d+)\. `)

// exceptionOf reads the code out of the engine's message; a message without one becomes code 1002 (UNKNOWN_EXCEPTION).
func exceptionOf(msg string) *exception {
	at := exceptionCode.FindStringSubmatchIndex(msg)
	if at == nil {
		return &exception{code: 1002, text: "Code: 1002. DB::Exception: " + msg + " (UNKNOWN_EXCEPTION)"}
	}
	code, err := strconv.Atoi(msg[at[2]:at[3]])
	if err != nil {
		code = 1002
	}
	return &exception{code: code, text: msg[at[0]:]}
}

// status is the HTTP status that ClickHouse's own front gives for the code.
func (e *exception) status() int {
	switch e.code {
	case 46, 47, 50, 56, 60, 73, 81, 115, 16, 218: // unknown function, identifier, type, storage, table, format, database, setting, column, dropped table
		return http.StatusNotFound
	case 6, 26, 27, 36, 38, 41, 42, 43, 53, 62, 69, 70, 72, 117, 130, 131: // what cannot be parsed or does not fit its type
		return http.StatusBadRequest
	case 48: // not implemented
		return http.StatusNotImplemented
	case 159: // time-out exceeded
		return http.StatusRequestTimeout
	case 161, 307, 396: // too much
		return http.StatusRequestEntityTooLarge
	case 164, 497: // read only, access denied
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}
