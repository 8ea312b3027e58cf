package engine

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/google/go-cmp/cmp"
)

func TestInsertsAreTakenApartAndNothingElse(t *testing.T) {
	type want struct {
		text, format, data string
		insert             bool
	}
	for q, w := range map[string]want{
		"SELECT 'INSERT INTO t VALUES (1)';":                  {text: "SELECT 'INSERT INTO t VALUES (1)'"},
		"INSERT INTO t SELECT * FROM values('a Int8', 1)":     {text: "INSERT INTO t SELECT * FROM values('a Int8', 1)"},
		"insert into `t` (a, `values`) values (1, 'FORMAT')":  {"insert into `t` (a, `values`) ", "Values", " (1, 'FORMAT')", true},
		"INSERT INTO d.values (a) VALUES (1)":                 {"INSERT INTO d.values (a) ", "Values", " (1)", true},
		"INSERT INTO TABLE t FORMAT TSV\n1\n\nDROP TABLE t":   {"INSERT INTO TABLE t ", "TSV", "1\n\nDROP TABLE t", true},
		"INSERT INTO t SETTINGS async_insert=0 FORMAT Native": {"INSERT INTO t SETTINGS async_insert=0 ", "Native", "", true},
		"-- VALUES\n/* FORMAT x */ INSERT INTO t (a)":         {"-- VALUES\n/* FORMAT x */ INSERT INTO t (a)", "Values", "", true},
		"INSERT INTO FUNCTION file('VALUES') FORMAT CSV\n1,2": {"INSERT INTO FUNCTION file('VALUES') ", "CSV", "1,2", true},
	} {
		s := parseStatement(q)
		if diff := cmp.Diff(w, want{s.text, s.format, s.data, s.insert}, cmp.AllowUnexported(want{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", q, diff)
		}
	}
}

func FuzzParseStatement(f *testing.F) {
	f.Add("INSERT INTO t (a) VALUES (1)")
	f.Fuzz(func(t *testing.T, q string) { parseStatement(q) })
}

// A request that was cut within a compressed block must not insert the rows before the cut.
func TestCutCompressedBodyIsAnError(t *testing.T) {
	w := compress.NewWriter(compress.LevelZero, compress.LZ4)
	var body []byte
	for range 2 {
		if err := w.Compress(bytes.Repeat([]byte("abc"), 1000)); err != nil {
			t.Fatal(err)
		}
		body = append(body, w.Data...)
	}
	for cut := range len(body) + 1 {
		got, err := io.ReadAll(newBlockReader(bytes.NewReader(body[:cut])))
		whole := cut%(len(body)/2) == 0
		if whole != (err == nil) || whole && len(got) != 3000*cut/(len(body)/2) {
			t.Fatalf("cut at %d of %d: %d bytes, %v", cut, len(body), len(got), err)
		}
	}
}

func TestArchiveWithAnotherDigestIsNotUnpacked(t *testing.T) {
	archive, target := filepath.Join(t.TempDir(), "a.tgz"), filepath.Join(t.TempDir(), "lib.so")
	if err := os.WriteFile(archive, []byte("not the engine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unpack(archive, target, integrity); err == nil {
		t.Error("unpacked")
	}
	if _, err := os.Stat(target); !os.IsNotExist(err) {
		t.Errorf("left a file: %v", err)
	}
}
