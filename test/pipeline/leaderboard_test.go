package pipeline_test

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"jifen/internal/httpapi"
)

// TestLeaderboardOverAllShards ranks members of several shards by the event times of what they earned (D12): a return takes
// from the month of its grant, spending from none; who opts out is gone at once. A rebuild gives the same, and so does the
// audit's fold.
func TestLeaderboardOverAllShards(t *testing.T) {
	v := &vectors{installation: install(t, false)}
	book, err := os.ReadFile(testdata(t, "book.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	v.must("rules", "publish", v.file("book.yaml", string(book)+"  leaderboard: {periods: [month, year]}\n"))
	const now = "2026-06-10T12:00:00+08:00"
	v.clock(now)
	for _, x := range []struct {
		member string
		net    int64
	}{{"ana", 300000}, {"ben", 200000}, {"cat", 200000}, {"dan", 100000}, {"eve", 90000}} {
		v.send(paid("2026-05-31 23:59:59", x.member, x.member, line{"basic", x.net}))
	}
	v.send(paid("2026-06-01 00:00:00", "eve", "E2", line{"basic", 50000}), refunded("2026-06-02 10:00:00", "dan", "dan", "R", 20000))
	v.spend("ana", "ana-spend", 250)
	api := v.serve(now)
	board := func(period string) (rows []string) {
		for _, e := range api.get("dan", "/v1/leaderboard?period="+period)["entries"].([]any) {
			e := e.(map[string]any)
			rows = append(rows, fmt.Sprint(e["rank"], " ", e["member"], " ", e["points"]))
		}
		return rows
	}
	check := func(when string) {
		t.Helper()
		equal(t, "May, "+when, board("2026-05"), []string{"1 a***a 300", "2 c***t 200", "2 b***n 200", "4 e***e 90", "5 d***n 80"})
		equal(t, "June, "+when, board("2026-06"), []string{"1 e***e 50"})
		equal(t, "the year, "+when, board("2026"), []string{"1 a***a 300", "2 c***t 200", "2 b***n 200", "4 e***e 140", "5 d***n 80"})
		equal(t, "the first two, "+when, board("2026-05&top=2"), []string{"1 a***a 300", "2 c***t 200"})
		api.has(api.get("dan", "/v1/leaderboard?period=2026-05&top=1")["me"].(map[string]any), "rank points visible", 5, 80, true)
	}
	check("at first")
	v.audited()
	status, answer := api.call("ben", httpapi.RoleMember, http.MethodPost, "/v1/me/leaderboard", `{"visible":false}`)
	equal(t, "opted out", fmt.Sprint(status, answer["visible"]), "200 false")
	equal(t, "without ben", board("2026-05"), []string{"1 a***a 300", "2 c***t 200", "3 e***e 90", "4 d***n 80"})
	api.has(api.get("ben", "/v1/leaderboard?period=2026-05")["me"].(map[string]any), "rank points visible", nil, 0, false)
	v.audited()
	status, _ = api.call("ben", httpapi.RoleMember, http.MethodPost, "/v1/me/leaderboard", `{"visible":true}`)
	equal(t, "back", status, http.StatusOK)
	v.stop()
	v.must("rebuild")
	check("rebuilt")
	v.audited()
}
