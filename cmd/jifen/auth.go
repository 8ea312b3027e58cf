package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"jifen/internal/config"
	"jifen/internal/devstack/issuer"
	"jifen/internal/httpapi"
	"jifen/internal/login"
)

func authCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "auth", Short: "Keys of services"}
	key := &cobra.Command{Use: "key", Short: "Keys of services (Authorization: Bearer jk_…)"}
	var id string
	var roles []string
	make := &cobra.Command{
		Use: "new", Short: "Make a key: it is printed once, with the line of auth.api_keys that accepts it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var allowed []httpapi.Role
			for _, r := range roles {
				allowed = append(allowed, httpapi.Role(r))
			}
			secret, line, err := httpapi.NewAPIKey(id, allowed)
			if err != nil {
				return &usageError{err}
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "the key, for the service alone; it cannot be shown again:")
			fmt.Fprintln(cmd.OutOrStdout(), secret)
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "to auth.api_keys of every process that serves:\n%s\n", line)
			if err != nil {
				return fmt.Errorf("print: %w", err)
			}
			return nil
		},
	}
	make.Flags().StringVar(&id, "id", "", "`NAME` of the service, as the audit will have it")
	make.Flags().StringSliceVar(&roles, "roles", nil, "what it may do: `ROLES`, separated by commas")
	key.AddCommand(make)
	cmd.AddCommand(key)
	return cmd
}

// sessions are those of staff in the console, who log in at their provider; without one, nobody does.
func (a *app) sessions() httpapi.SessionOptions {
	c := a.config.Auth.OIDC
	o := httpapi.SessionOptions{Redirect: c.RedirectURL, Max: c.SessionMax, Idle: c.SessionIdle}
	if c.Issuer == "" {
		return o
	}
	roles, _ := c.Roles() // checked when the configuration was read
	o.Login = login.New(login.Config{
		Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), Scopes: c.Scopes,
		IDClaim: c.IDClaim, RolesClaim: c.RolesClaim, RolesMap: roles,
	})
	return o
}

// demoStaff are who may log in to the demo's console: one for every role, two for what needs two people, and one for all.
func demoStaff() map[string][]string {
	return map[string][]string{
		"mei": {"merchant"}, "max": {"marketing"}, "sue": {"support"}, "ann": {"approver"}, "otto": {"operator"}, "aud": {"auditor"},
		"boss": {"merchant", "marketing", "support", "approver", "operator", "auditor", "staff"},
	}
}

// startIssuer starts the demo's provider, whose groups are named as our roles are.
func (d *demo) startIssuer() (config.OIDC, error) {
	c := config.Default().Auth.OIDC
	var err error
	if d.staff, err = issuer.Start(demoStaff()); err != nil {
		return c, err
	}
	c.Issuer, c.ClientID, c.ClientSecret, c.RolesClaim = d.staff.URL, issuer.ClientID, issuer.ClientSecret, issuer.RolesClaim
	for _, r := range demoStaff()["boss"] {
		c.RolesMap = append(c.RolesMap, r+"="+r)
	}
	return c, nil
}

// rates are the bounds of reads, and as many of writes.
func (a *app) rates() httpapi.Rates {
	h := a.config.HTTP
	member, ip := httpapi.Rate{PerSecond: h.RateMember, Burst: h.RateMemberBurst}, httpapi.Rate{PerSecond: h.RateIP, Burst: h.RateIPBurst}
	return httpapi.Rates{MemberReads: member, MemberWrites: member, IPReads: ip, IPWrites: ip, Proxies: h.TrustedProxies}
}
