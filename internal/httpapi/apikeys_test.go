package httpapi

import (
	"fmt"
	"strings"
	"testing"
)

func TestServicesHaveKeys(t *testing.T) {
	key, line, err := NewAPIKey("shop.pos-1", []Role{RoleService, RoleMerchant})
	if err != nil {
		t.Fatal(err)
	}
	secret := key[strings.LastIndex(key, "1_")+2:]
	if !strings.HasPrefix(key, "jk_shop.pos-1_") || len(secret) != 43 || strings.Contains(line, secret) || !strings.HasSuffix(line, ":service+merchant") {
		t.Fatalf("key %s, line %s", key, line)
	}
	_, another, err := NewAPIKey("other", []Role{RoleAuditor})
	if err != nil {
		t.Fatal(err)
	}
	s := serveWorld(t, newWorld(), func(o *Options) { o.APIKeys = []string{line, another} })
	if b := s.get("/v1/session", key).expect(t, 200, "").body; !strings.Contains(b, `"id":"shop.pos-1","roles":["service","merchant"]`) {
		t.Errorf("session %s", b)
	}
	s.get("/v1/members/m1/balance", key).expect(t, 200, "")
	s.get("/v1/me/balance", key).expect(t, 403, "forbidden")
	for _, bad := range []string{
		"jk_", "jk__", "jk_shop.pos-1_", "jk_shop.pos-1", key[:len(key)-1], key + "x", strings.ToUpper(key), strings.Replace(key, "shop.pos-1", "other", 1), strings.Replace(key, "shop.pos-1", "none", 1),
		strings.Replace(key, "jk_", "JK_", 1), "jk_shop.pos-1_" + line[strings.Index(line, ":")+1:strings.LastIndex(line, ":")], "jk_" + line, key + "_", "jk_" + key,
	} {
		s.get("/v1/session", bad).expect(t, 401, "unauthorized")
	}
	if strings.Contains(s.log.String(), secret) {
		t.Error("the log has the secret")
	}
}

func TestUnusableAPIKeysAreRefused(t *testing.T) {
	_, good, err := NewAPIKey("a", []Role{RoleService})
	if err != nil {
		t.Fatal(err)
	}
	sum := strings.Repeat("0", 64)
	for _, lines := range [][]string{{"a"}, {"a:b:service"}, {"a:" + sum}, {"a:" + sum + ":"}, {"a:" + sum + ":member"}, {"a:" + sum + ":root"}, {"a_b:" + sum + ":service"}, {":" + sum + ":service"}, {good, good}, {"A:" + sum + ":service"}} {
		if _, err := parseAPIKeys(lines); err == nil || strings.Contains(fmt.Sprint(err), sum) {
			t.Errorf("%v: %v", lines, err)
		}
	}
	for _, roles := range [][]Role{nil, {RoleMember}, {"root"}} {
		if _, _, err := NewAPIKey("a", roles); err == nil {
			t.Errorf("%v accepted", roles)
		}
	}
}
