package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"jifen/internal/vault"
	"jifen/topics"
)

// bareNumberIsNoDuration refuses `session_timeout: 6`, which would otherwise be six nanoseconds.
func bareNumberIsNoDuration(from, to reflect.Type, v any) (any, error) {
	if to == reflect.TypeFor[time.Duration]() && from != to {
		return nil, fmt.Errorf("%v needs a unit, such as 6s", v)
	}
	return v, nil
}

// readSecrets reads every secret that is given as a file.
func readSecrets(c *Config) []error {
	var faults []error
	read := func(name string, secret *Secret, file string) {
		if file == "" {
			return
		}
		if *secret != "" {
			faults = append(faults, fmt.Errorf("%s and %s_file are both set", name, name))
			return
		}
		data, err := os.ReadFile(file)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s_file: %w", name, err))
			return
		}
		*secret = Secret(strings.TrimRight(string(data), "\r\n"))
	}
	read("kafka.sasl.password", &c.Kafka.SASL.Password, c.Kafka.SASL.PasswordFile)
	read("redis.password", &c.Redis.Password, c.Redis.PasswordFile)
	read("clickhouse.password", &c.ClickHouse.Password, c.ClickHouse.PasswordFile)
	read("shares.keys", &c.Shares.Keys, c.Shares.KeysFile)
	read("vault.keys", &c.Vault.Keys, c.Vault.KeysFile)
	read("webhook.secret", &c.Webhook.Secret, c.Webhook.SecretFile)
	read("auth.oidc.client_secret", &c.Auth.OIDC.ClientSecret, c.Auth.OIDC.ClientSecretFile)
	read("notices.email.password", &c.Notices.Email.Password, c.Notices.Email.PasswordFile)
	read("notices.webhook.secret", &c.Notices.Webhook.Secret, c.Notices.Webhook.SecretFile)
	read("http.signing_key", &c.HTTP.SigningKey, c.HTTP.SigningKeyFile)
	return faults
}

// check collects faults.
type check struct{ faults []error }

func (k *check) that(ok bool, format string, args ...any) {
	if !ok {
		k.faults = append(k.faults, fmt.Errorf(format, args...))
	}
}

func (k *check) oneOf(name, value string, allowed ...string) {
	k.that(slices.Contains(allowed, value), "%s: %q is none of %s", name, value, strings.Join(allowed, ", "))
}

func (k *check) addrs(name string, list []string) {
	k.that(len(list) > 0, "%s: at least one is needed", name)
	for _, a := range list {
		k.addr(name, a)
	}
}

func (k *check) addr(name, a string) {
	_, port, err := net.SplitHostPort(a)
	k.that(err == nil && port != "", "%s: %q is not host:port", name, a)
}

func (k *check) positive(name string, d time.Duration) {
	k.that(d > 0, "%s: must be above 0", name)
}

func (c *Config) faults() []error {
	k := &check{}
	k.that(c.Shards >= 1 && c.Shards <= 4096, "shards: %d is not in 1..4096", c.Shards)
	c.Kafka.check(k)
	k.addrs("redis.addrs", c.Redis.Addrs)
	k.that(c.Redis.DB >= 0, "redis.db: must not be negative")
	k.that(!c.Redis.Cluster || c.Redis.DB == 0, "redis.db: a cluster has only 0")
	c.Redis.TLS.check(k, "redis.tls")
	c.ClickHouse.check(k)
	c.HTTP.check(k)
	if c.Admin.Addr != "" {
		k.addr("admin.addr", c.Admin.Addr)
	}
	c.Auth.check(k)
	if _, err := topics.ParseShareKeys(c.Shares.Keys.Reveal()); err != nil {
		k.that(false, "shares.keys: %w", err)
	}
	if _, err := vault.Parse(c.Vault.Keys.Reveal()); err != nil {
		k.that(false, "vault.keys: %w", err)
	}
	k.positive("events.late_after", c.Events.LateAfter)
	k.that(c.Events.Skew >= 0, "events.skew: must not be negative")
	c.Program.check(k)
	k.that(c.Balances.BatchMax >= 1, "balances.batch_max: must be above 0")
	k.that(c.Balances.BatchMaxIdle >= c.Balances.BatchMax, "balances.batch_max_idle: must not be below batch_max")
	k.that(c.Mall.ReturnDays >= 0 && c.Mall.ReturnDays <= 366, "mall.return_days: must be 0 to 366")
	k.that(c.Balances.RestoreGrace >= 0, "balances.restore_grace: must not be below 0")
	k.that(c.Admin.FourEyesAbove >= 0, "admin.four_eyes_above: must not be below 0")
	k.that(c.Credits.BatchMax >= 1, "credits.batch_max: must be above 0")
	k.that(c.Credits.LagMax >= 1, "credits.lag_max: must be above 0")
	k.positive("credits.rulebook_age_max", c.Credits.RulebookAgeMax)
	k.positive("contacts.seal_interval", c.Contacts.SealInterval)
	c.Webhook.check(k)
	c.Notices.check(k)
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	k.oneOf("log.format", c.Log.Format, "auto", "text", "json")
	return k.faults
}

func (c Kafka) check(k *check) {
	k.addrs("kafka.brokers", c.Brokers)
	k.that(c.ClientID != "", "kafka.client_id: must not be empty")
	k.that(c.Instance != "", "kafka.instance: must not be empty")
	k.positive("kafka.session_timeout", c.SessionTimeout)
	k.positive("kafka.transaction_timeout", c.TransactionTimeout)
	k.that(c.TransactionTimeout <= c.SessionTimeout, "kafka.transaction_timeout: %s is more than session_timeout %s", c.TransactionTimeout, c.SessionTimeout)
	k.oneOf("kafka.sasl.mechanism", c.SASL.Mechanism, "", "plain", "scram-sha-256", "scram-sha-512")
	if c.SASL.Mechanism != "" {
		k.that(c.SASL.Username != "", "kafka.sasl.username: needed with a mechanism")
		k.that(c.SASL.Password != "", "kafka.sasl.password: needed with a mechanism")
	}
	c.TLS.check(k, "kafka.tls")
}

func (c ClickHouse) check(k *check) {
	u, err := url.Parse(c.DSN)
	if err != nil { // the error would repeat the DSN, and with it a password
		k.that(false, "clickhouse.dsn: is not a URL")
		return
	}
	k.oneOf("clickhouse.dsn: scheme", u.Scheme, "clickhouse", "http", "https", "tcp")
	k.that(u.Host != "", "clickhouse.dsn: has no host")
	_, inUser := u.User.Password()
	k.that(!inUser && !u.Query().Has("password"), "clickhouse.dsn: must not hold a password; use clickhouse.password or password_file")
	c.TLS.check(k, "clickhouse.tls")
}

func (c HTTP) check(k *check) {
	k.addr("http.addr", c.Addr)
	k.positive("http.read_header_timeout", c.ReadHeaderTimeout)
	k.positive("http.idle_timeout", c.IdleTimeout)
	k.positive("http.shutdown_timeout", c.ShutdownTimeout)
	k.positive("http.redemption_wait", c.RedemptionWait)
	k.positive("http.quote_validity", c.QuoteValidity)
	k.that(c.RequestTimeout > c.RedemptionWait, "http.request_timeout: must be above redemption_wait")
	k.that(c.BodyBytesMax >= 1024, "http.body_bytes_max: must be at least 1024")
	k.that(c.RateMember >= 0 && c.RateIP >= 0, "http.rate_member, http.rate_ip: must not be below 0")
	k.that(c.RateMemberBurst >= 1 && c.RateIPBurst >= 1, "http.rate_member_burst, http.rate_ip_burst: must be above 0")
	for _, p := range c.TrustedProxies {
		_, bad := netip.ParseAddr(p)
		if _, err := netip.ParsePrefix(p); err == nil {
			bad = nil
		}
		k.that(bad == nil, "http.trusted_proxies: %q is neither an address nor a network", p)
	}
	for _, o := range c.EmbedOrigins {
		err := CheckOrigin(o)
		k.that(err == nil, "http.embed_origins: %w", err)
	}
	k.that(c.SigningKey == "" || len(c.SigningKey) >= 32, "http.signing_key: must have at least 32 characters")
}

func (c Auth) check(k *check) {
	k.that(c.Audience != "", "auth.audience: must not be empty")
	k.that(len(c.Algorithms) > 0, "auth.algorithms: at least one is needed")
	for _, a := range c.Algorithms {
		k.oneOf("auth.algorithms", a, "EdDSA", "RS256")
	}
	k.that(c.JWKSURL == "" || c.KeysFile == "", "auth.jwks_url and auth.keys_file are both set")
	if c.JWKSURL != "" || c.KeysFile != "" {
		k.that(c.Issuer != "", "auth.issuer: must not be empty")
	}
	if c.JWKSURL != "" {
		u, err := url.Parse(c.JWKSURL)
		k.that(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", "auth.jwks_url: is not an http(s) URL")
	}
	c.OIDC.check(k)
}

func (c Program) check(k *check) {
	if c.Now == "" {
		return
	}
	_, err := time.Parse(time.RFC3339, c.Now)
	k.that(err == nil, "program.now: %q is not RFC 3339", c.Now)
	k.that(c.ClockOffset == 0, "program.now and program.clock_offset are both set")
}

// Offset is how far the program's clock is ahead of the wall clock, for a process started at start.
func (c Program) Offset(start time.Time) time.Duration {
	if now, err := time.Parse(time.RFC3339, c.Now); err == nil {
		return now.Sub(start)
	}
	return c.ClockOffset
}

func (t TLS) check(k *check, name string) {
	k.that((t.CertFile == "") == (t.KeyFile == ""), "%s: cert_file and key_file belong together", name)
	if _, err := t.Client(); err != nil {
		k.that(false, "%s: %w", name, err)
	}
}

// Client makes the TLS settings of a client, or nil if the connection is not encrypted.
func (t TLS) Client() (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.Insecure}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("ca_file: holds no PEM certificate")
		}
	}
	if t.CertFile != "" && t.KeyFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("cert_file, key_file: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}
