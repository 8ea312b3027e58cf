package pipeline_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jifen/internal/httpapi"
	"jifen/topics"
)

// TestSettingsReachEveryServer: those of a file, and those of the API, of which the other serving process and auditors are
// told; of two changes of one revision one is refused.
func TestSettingsReachEveryServer(t *testing.T) {
	v := program(t, "book.yaml", false)
	one, two := v.serve(raceNow), v.serve(raceNow)
	name := func(a *api) string {
		res, err := http.Get(a.url + "/v1/retailer")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var s topics.Settings
		if err := json.NewDecoder(res.Body).Decode(&s); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%d %v", res.StatusCode, err)
		}
		return s.Name.En
	}
	equal(t, "by default", name(one)+", "+name(two), "Points Mall, Points Mall")
	file := v.file("settings.yaml", "apiVersion: jifen/v1\nkind: Settings\nname: {zh: 好礼, en: Gifts}\nstores: [{id: SH01, name: {en: Bund}}]\n")
	equal(t, "applied", v.must("settings", "apply", file), "applied: revision 1\n")
	equal(t, "again", v.must("settings", "apply", file), "unchanged: revision 1\n")
	v.await("both tell", nil, func() bool { return name(one) == "Gifts" && name(two) == "Gifts" })
	if got := v.must("settings", "get"); !strings.Contains(got, "SH01") || v.must("settings", "apply", v.file("got.yaml", got)) != "unchanged: revision 1\n" {
		t.Errorf("what is printed cannot be applied:\n%s", got)
	}
	_, settings := one.call("mia", httpapi.RoleMarketing, http.MethodGet, "/v1/settings", "")
	settings["name"] = map[string]any{"en": "More Gifts"}
	body, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	status, answer := one.call("mia", httpapi.RoleMarketing, http.MethodPut, "/v1/settings", string(body), "If-Match", `"1"`)
	if status != http.StatusOK || name(one) != "More Gifts" {
		t.Fatalf("%d %v, then %s", status, answer, name(one))
	}
	if status, answer = two.call("max", httpapi.RoleOperator, http.MethodPut, "/v1/settings", string(body), "If-Match", `"1"`); status != http.StatusPreconditionFailed {
		t.Errorf("%d %v", status, answer)
	}
	v.await("the other one follows", nil, func() bool { return name(two) == "More Gifts" })
	var told []string
	for _, r := range v.cat(topics.Audit) {
		x := r["value"].(map[string]any)
		if _, err := time.Parse(time.RFC3339, x["at"].(string)); err != nil {
			t.Error(err)
		}
		after := x["after"].(map[string]any)["name"].(map[string]any)["en"].(string)
		told = append(told, x["by"].(string)+" "+x["what"].(string)+" "+x["of"].(string)+" "+after)
	}
	equal(t, "audited", sortedTexts(told), []string{"mia settings revision 2 More Gifts", "settings apply settings revision 1 Gifts"})
}

func sortedTexts(all []string) []string {
	slices.Sort(all)
	return all
}
