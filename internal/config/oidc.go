package config

import (
	"fmt"
	"net/url"
	"strings"
)

func (c OIDC) check(k *check) {
	if _, err := c.Roles(); err != nil {
		k.that(false, "auth.oidc.roles_map: %w", err)
	}
	k.positive("auth.oidc.session_max", c.SessionMax)
	k.positive("auth.oidc.session_idle", c.SessionIdle)
	if c.Issuer == "" {
		return
	}
	u, err := url.Parse(c.Issuer)
	k.that(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", "auth.oidc.issuer: is not an http(s) URL")
	k.that(c.ClientID != "", "auth.oidc.client_id: needed with an issuer")
	k.that(c.IDClaim != "" && c.RolesClaim != "", "auth.oidc: id_claim and roles_claim must not be empty")
	k.that(len(c.RolesMap) > 0, "auth.oidc.roles_map: without it nobody has a role")
	if c.RedirectURL != "" {
		u, err := url.Parse(c.RedirectURL)
		k.that(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.Path == "/console/callback", "auth.oidc.redirect_url: is no URL of /console/callback")
	}
}

// Roles reads the map: the roles of each value of the claim.
func (c OIDC) Roles() (map[string][]string, error) {
	roles := map[string][]string{}
	for _, pair := range c.RolesMap {
		at := strings.LastIndex(pair, "=")
		if at < 1 || at == len(pair)-1 {
			return nil, fmt.Errorf("%q is not value=role", pair)
		}
		if pair[at+1:] == "member" { // the provider's id of somebody would be taken for a member's
			return nil, fmt.Errorf("%q: nobody logs in to the console as a member", pair)
		}
		roles[pair[:at]] = append(roles[pair[:at]], pair[at+1:])
	}
	return roles, nil
}
