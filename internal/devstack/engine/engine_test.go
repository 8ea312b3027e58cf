package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"

	"jifen/internal/devstack/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// ask posts a body to the engine with URL parameters and returns status and answer.
func ask(t *testing.T, e *enginetest.Engine, params url.Values, body string) (int, string, http.Header) {
	t.Helper()
	resp, err := http.Post(e.URL+"/?"+params.Encode(), "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer), resp.Header
}

func must(t *testing.T, e *enginetest.Engine, body string) string {
	t.Helper()
	status, answer, _ := ask(t, e, nil, body)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", body, status, answer)
	}
	return answer
}

func TestPlainHTTPClientsAreServed(t *testing.T) {
	e := enginetest.Start(t)
	resp, err := http.Get(e.URL + "/ping")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("ping: %v %v", resp, err)
	}
	_ = resp.Body.Close()
	must(t, e, "CREATE TABLE t (a UInt32, s String) ENGINE = MergeTree ORDER BY a")
	must(t, e, "INSERT INTO t (a, s) VALUES (1, 'one; two'), (2, 'FORMAT')")
	must(t, e, "INSERT INTO t FORMAT JSONEachRow\n{\"a\": 3, \"s\": \"x\\n\\nDROP TABLE t\"}\n")
	must(t, e, "INSERT INTO t SELECT number, 'n' FROM numbers(10, 2)")
	if status, answer, _ := ask(t, e, url.Values{"query": {"INSERT INTO t FORMAT CSV"}}, "4,four\n5,\n\nDROP TABLE t"); status == http.StatusOK {
		t.Errorf("a broken CSV row was accepted: %s", answer)
	}
	if status, answer, _ := ask(t, e, url.Values{"query": {"INSERT INTO t FORMAT CSV"}}, "4,four\n"); status != http.StatusOK {
		t.Errorf("CSV body: %d %s", status, answer)
	}
	if got := must(t, e, "SELECT a, s FROM t ORDER BY a FORMAT CSV"); got != "1,\"one; two\"\n2,\"FORMAT\"\n3,\"x\n\nDROP TABLE t\"\n4,\"four\"\n10,\"n\"\n11,\"n\"\n" {
		t.Errorf("rows: %q", got)
	}
	_, got, _ := ask(t, e, url.Values{"query": {"SELECT {x:String}, getSetting('max_threads')"}, "param_x": {`a'b`}, "max_threads": {"3"}}, "")
	if got != "a\\'b\t3\n" {
		t.Errorf("parameters and settings: %q", got)
	}
	resp, err = http.Get(e.URL + "/?query=" + url.QueryEscape("DROP TABLE t"))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("GET may not write, it answered %d", resp.StatusCode)
	}
}

func TestErrorsAreClickHouses(t *testing.T) {
	e := enginetest.Start(t)
	for query, want := range map[string][2]int{
		"SELECT * FROM nowhere":             {http.StatusNotFound, 60},
		"SELEKT 1":                          {http.StatusBadRequest, 62},
		"SELECT throwIf(1)":                 {http.StatusInternalServerError, 395},
		"INSERT INTO nowhere VALUES (1)":    {http.StatusNotFound, 60},
		"INSERT INTO nowhere FORMAT CSV\n1": {http.StatusNotFound, 60},
	} {
		status, answer, header := ask(t, e, nil, query)
		if status != want[0] || header.Get("X-ClickHouse-Exception-Code") != fmt.Sprint(want[1]) || !strings.HasPrefix(answer, fmt.Sprintf("Code: %d. DB::Exception: ", want[1])) {
			t.Errorf("%s: %d %s %q", query, status, header.Get("X-ClickHouse-Exception-Code"), answer)
		}
	}
	status, answer, _ := ask(t, e, url.Values{"no_such_setting": {"1"}}, "SELECT 1")
	if status != http.StatusNotFound || !strings.Contains(answer, "UNKNOWN_SETTING") {
		t.Errorf("unknown setting: %d %s", status, answer)
	}
}

func open(t *testing.T, e *enginetest.Engine, method clickhouse.CompressionMethod) clickhouse.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{e.Addr}, Protocol: clickhouse.HTTP, Compression: &clickhouse.Compression{Method: method},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestClickHouseGoWorks(t *testing.T) {
	e, ctx := enginetest.Start(t), context.Background()
	for i, method := range []clickhouse.CompressionMethod{clickhouse.CompressionLZ4, clickhouse.CompressionZSTD, clickhouse.CompressionNone} {
		conn := open(t, e, method)
		if err := conn.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		table := fmt.Sprint("t", i)
		if err := conn.Exec(ctx, "CREATE TABLE "+table+" (a UInt64, k LowCardinality(String), s Nullable(String)) ENGINE = MergeTree ORDER BY a"); err != nil {
			t.Fatal(err)
		}
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO "+table)
		if err != nil {
			t.Fatal(err)
		}
		const rows = 20000
		for n := range rows {
			if err := batch.Append(uint64(n), fmt.Sprint("k", n%7), nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			t.Fatal(err)
		}
		var count, sum uint64
		if err := conn.QueryRow(ctx, "SELECT count(), sum(a) FROM "+table+" WHERE k != ?", "k9").Scan(&count, &sum); err != nil {
			t.Fatal(err)
		}
		if count != rows || sum != rows*(rows-1)/2 {
			t.Errorf("%v: %d rows, sum %d", method, count, sum)
		}
		var exception *clickhouse.Exception
		if err := conn.QueryRow(ctx, "SELECT * FROM nowhere").Err(); !errors.As(err, &exception) || exception.Code != 60 {
			t.Errorf("%v: the driver reports %v", method, err)
		}
	}
}

func TestConnectionsRunAtOnceWithTheirOwnSettings(t *testing.T) {
	e, ctx := enginetest.Start(t), context.Background()
	conn := open(t, e, clickhouse.CompressionLZ4)
	must(t, e, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			var got string
			limited := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 1000 + i}))
			for range 5 {
				if err := conn.Exec(ctx, fmt.Sprintf("INSERT INTO t SELECT number FROM numbers(%d)", 100)); err != nil {
					t.Error(err)
				}
				if err := conn.QueryRow(limited, "SELECT toString(getSetting('max_block_size'))").Scan(&got); err != nil || got != fmt.Sprint(1000+i) {
					t.Errorf("connection %d sees %s: %v", i, got, err)
				}
			}
		})
	}
	wg.Wait()
	if got := must(t, e, "SELECT count() FROM t"); got != "4000\n" {
		t.Errorf("%s rows", got)
	}
}

func TestGooseMigrates(t *testing.T) {
	e, ctx := enginetest.Start(t), context.Background()
	must(t, e, "CREATE DATABASE jifen")
	db, err := sql.Open("clickhouse", e.URL+"/jifen")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectClickHouse, db, fstest.MapFS{
		"00001_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE first (a UInt8) ENGINE = MergeTree ORDER BY a;\n-- +goose Down\nDROP TABLE first SYNC;\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := provider.Up(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := provider.Down(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestKilledEngineKeepsWhatItAcknowledged(t *testing.T) {
	e := enginetest.Start(t)
	must(t, e, "CREATE DATABASE d")
	must(t, e, "CREATE TABLE d.t (a UInt64) ENGINE = MergeTree ORDER BY a")
	for i := range 3 {
		must(t, e, fmt.Sprintf("INSERT INTO d.t VALUES (%d)", i))
		e.Kill(t)
		e.Restart(t)
		if got := must(t, e, "SELECT count() FROM d.t"); got != fmt.Sprintf("%d\n", i+1) {
			t.Errorf("%s rows after %d kills", got, i+1)
		}
	}
	if err := e.Stop(t); err != nil {
		t.Errorf("the engine did not end well: %v", err)
	}
}
