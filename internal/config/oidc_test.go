package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProvidersOfStaffAreChecked(t *testing.T) {
	set := []string{"auth.oidc.issuer=https://id.example", "auth.oidc.client_id=jifen", "auth.oidc.roles_map=shop=merchant,shop=support,a=b=auditor"}
	c, err := Load(Sources{Set: set})
	if err != nil {
		t.Fatal(err)
	}
	roles, err := c.Auth.OIDC.Roles()
	if d := cmp.Diff(roles, map[string][]string{"shop": {"merchant", "support"}, "a=b": {"auditor"}}); d != "" || err != nil {
		t.Errorf("%v (-got +want):\n%s", err, d)
	}
	for want, bad := range map[string][]string{
		"auth.oidc.roles_map: \"merchant\"":  {"auth.oidc.roles_map=merchant"},
		"nobody logs in to the console":      {"auth.oidc.roles_map=all=member"},
		"auth.oidc.roles_map: without":       {"auth.oidc.roles_map="},
		"auth.oidc.client_id":                {"auth.oidc.client_id="},
		"auth.oidc.redirect_url":             {"auth.oidc.redirect_url=https://points.example/callback"},
		"auth.oidc.issuer":                   {"auth.oidc.issuer=id.example"},
		"auth.oidc: id_claim":                {"auth.oidc.id_claim="},
		"auth.oidc.session_max":              {"auth.oidc.session_max=0s"},
		"http.embed_origins: \"shop.example": {"http.embed_origins=https://a.example,shop.example"},
	} {
		if _, err := Load(Sources{Set: append(set, bad...)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
