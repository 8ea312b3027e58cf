// Package config is the one place that reads settings: flags > JIFEN_* environment > YAML file > defaults.
// Every fault of a configuration is reported at once, and secrets never print.
package config

import "time"

// Config is everything that can be set. The `doc` tags are the reference: deploy/jifen.yaml and `config print` are made from them.
type Config struct {
	Shards     int        `koanf:"shards" doc:"Logical shards; fixed for the life of an installation, checked at start against the topics' partitions."`
	Kafka      Kafka      `koanf:"kafka" doc:"The log: topics, transactions, consumer groups."`
	Redis      Redis      `koanf:"redis" doc:"Account states for reads and decisions; a fold of the ledger."`
	ClickHouse ClickHouse `koanf:"clickhouse" doc:"Analytics and members' histories."`
	HTTP       HTTP       `koanf:"http" doc:"The API of members, staff and merchants."`
	Admin      Admin      `koanf:"admin" doc:"Administration: health and metrics (keep this port inside), and what staff may do alone."`
	Auth       Auth       `koanf:"auth" doc:"Who signs the tokens (JWT) that the API accepts."`
	Vault      Vault      `koanf:"vault" doc:"What seals codes and addresses."`
	Contacts   Contacts   `koanf:"contacts" doc:"Addresses, and how members are reached (processors/contacts); kept where vault.keys is set."`
	Shares     Shares     `koanf:"shares" doc:"Share tokens: who shared what."`
	Events     Events     `koanf:"events" doc:"Which times inbound events may have."`
	Program    Program    `koanf:"program" doc:"The program's clock."`
	Balances   Balances   `koanf:"balances" doc:"The owner of shards (processors/balances)."`
	Mall       Mall       `koanf:"mall" doc:"The life of redemptions."`
	Credits    Credits    `koanf:"credits" doc:"The evaluation of rules (processors/credits), by itself or in an owner."`
	Webhook    Webhook    `koanf:"webhook" doc:"Where coupons are delivered as Standard Webhooks."`
	Notices    Notices    `koanf:"notices" doc:"By which channels members are told, beside the messages in the mall."`
	Log        Log        `koanf:"log" doc:"Logs, on stderr."`
}

// TLS is how a connection is encrypted.
type TLS struct {
	Enabled  bool   `koanf:"enabled" doc:"Encrypt the connection."`
	CAFile   string `koanf:"ca_file" doc:"PEM file of the authorities to trust; empty: those of the system."`
	CertFile string `koanf:"cert_file" doc:"PEM file of the client's certificate, for mutual TLS."`
	KeyFile  string `koanf:"key_file" doc:"PEM file of the client's key, for mutual TLS."`
	Insecure bool   `koanf:"insecure" doc:"Accept any server certificate; for experiments only."`
}

// SASL is how Kafka knows us.
type SASL struct {
	Mechanism    string `koanf:"mechanism" doc:"plain, scram-sha-256 or scram-sha-512; empty: none."`
	Username     string `koanf:"username" doc:"User name."`
	Password     Secret `koanf:"password" doc:"Password; rather use password_file."`
	PasswordFile string `koanf:"password_file" doc:"File that holds the password."`
}

// Kafka is the connection to the brokers.
type Kafka struct {
	Brokers            []string      `koanf:"brokers" doc:"Seed brokers, host:port."`
	ClientID           string        `koanf:"client_id" doc:"Name shown in the brokers' logs and quotas."`
	Instance           string        `koanf:"instance" doc:"Slot of this process, unique among those that run and the same after a restart: static group member and transactional id. A restart under its own slot fences its predecessor at once."`
	SessionTimeout     time.Duration `koanf:"session_timeout" doc:"An owner unheard of for this long loses its shards."`
	TransactionTimeout time.Duration `koanf:"transaction_timeout" doc:"A dead owner's open transaction is aborted after this long; at most session_timeout, or it hides committed entries from its successor."`
	TLS                TLS           `koanf:"tls" doc:"Encryption."`
	SASL               SASL          `koanf:"sasl" doc:"Authentication."`
}

// Redis is the connection to Redis or Redis Cluster.
type Redis struct {
	Addrs        []string `koanf:"addrs" doc:"Addresses, host:port; several are seeds of a cluster."`
	Cluster      bool     `koanf:"cluster" doc:"The addresses are nodes of a Redis Cluster."`
	DB           int      `koanf:"db" doc:"Database number; 0 in a cluster."`
	Username     string   `koanf:"username" doc:"ACL user; empty: default."`
	Password     Secret   `koanf:"password" doc:"Password; rather use password_file."`
	PasswordFile string   `koanf:"password_file" doc:"File that holds the password."`
	TLS          TLS      `koanf:"tls" doc:"Encryption."`
}

// ClickHouse is the connection to ClickHouse.
type ClickHouse struct {
	DSN          string `koanf:"dsn" doc:"clickhouse://host:9000/database (native) or http://host:8123/database; without a password."`
	Username     string `koanf:"username" doc:"User; empty: default."`
	Password     Secret `koanf:"password" doc:"Password; rather use password_file."`
	PasswordFile string `koanf:"password_file" doc:"File that holds the password."`
	TLS          TLS    `koanf:"tls" doc:"Encryption."`
}

// HTTP is the API's listener and its limits.
type HTTP struct {
	Addr              string        `koanf:"addr" doc:"Address to listen on."`
	ReadHeaderTimeout time.Duration `koanf:"read_header_timeout" doc:"A client must have sent its headers after this long."`
	RequestTimeout    time.Duration `koanf:"request_timeout" doc:"A request is given up after this long; more than redemption_wait."`
	IdleTimeout       time.Duration `koanf:"idle_timeout" doc:"An unused connection is closed after this long."`
	ShutdownTimeout   time.Duration `koanf:"shutdown_timeout" doc:"Running requests may take this long to end at shutdown."`
	BodyBytesMax      int64         `koanf:"body_bytes_max" doc:"Largest request body, bytes."`
	RedemptionWait    time.Duration `koanf:"redemption_wait" doc:"How long a redemption request waits for its decision before it is answered 202."`
	QuoteValidity     time.Duration `koanf:"quote_validity" doc:"How long a quoted price is honoured."`
	RateMember        int           `koanf:"rate_member" doc:"Requests a second of one member or other caller, in each process; 0: no limit. Writes have as many of their own."`
	RateMemberBurst   int           `koanf:"rate_member_burst" doc:"So many of them may come at once."`
	RateIP            int           `koanf:"rate_ip" doc:"Requests a second of one address, in each process; 0: no limit, as behind a proxy that is not in trusted_proxies all have one address. Writes have as many of their own."`
	RateIPBurst       int           `koanf:"rate_ip_burst" doc:"So many of them may come at once."`
	TrustedProxies    []string      `koanf:"trusted_proxies" doc:"Addresses or networks of proxies whose X-Forwarded-For names the client; empty: none is believed."`
	EmbedOrigins      []string      `koanf:"embed_origins" doc:"Origins of shops, such as https://shop.example, whose pages may embed the mall and read their member's balance; empty: nobody may."`
	SigningKey        Secret        `koanf:"signing_key" doc:"Signs quotes and cursors; at least 32 characters, the same in all processes that serve. Rather use signing_key_file."`
	SigningKeyFile    string        `koanf:"signing_key_file" doc:"File that holds the signing key."`
}

// Admin is the listener of health and metrics, and the limits of those who administer.
type Admin struct {
	FourEyesAbove int64  `koanf:"four_eyes_above" doc:"Adjustments of members' accounts by more points than this, either way, need a second person; read by the owner of shards."`
	Addr          string `koanf:"addr" doc:"Address of /livez /readyz /startupz /metrics; empty: none."`
}

// Auth says whose tokens are accepted.
type Auth struct {
	Issuer     string   `koanf:"issuer" doc:"The iss that tokens must carry."`
	Audience   string   `koanf:"audience" doc:"The aud that tokens must carry."`
	Algorithms []string `koanf:"algorithms" doc:"Signature algorithms accepted: EdDSA, RS256."`
	JWKSURL    string   `koanf:"jwks_url" doc:"Where the issuer publishes its keys."`
	KeysFile   string   `koanf:"keys_file" doc:"JWKS or PEM file of the issuer's public keys, instead of jwks_url."`
	APIKeys    []string `koanf:"api_keys" doc:"Keys of services, as id:sha256:role+role; jifen auth key new makes them. The key itself is nowhere kept."`
	OIDC       OIDC     `koanf:"oidc" doc:"How staff log in to the console: an OpenID provider."`
}

// OIDC is the provider that knows staff, and what its users may do here.
type OIDC struct {
	Issuer           string        `koanf:"issuer" doc:"The provider's issuer URL; empty: nobody can log in to the console."`
	ClientID         string        `koanf:"client_id" doc:"What the console is to the provider."`
	ClientSecret     Secret        `koanf:"client_secret" doc:"The client's secret. Rather use client_secret_file."`
	ClientSecretFile string        `koanf:"client_secret_file" doc:"File that holds the client's secret."`
	RedirectURL      string        `koanf:"redirect_url" doc:"https URL of /console/callback, as registered at the provider; empty: that of the request, on this machine only."`
	Scopes           []string      `koanf:"scopes" doc:"Scopes to ask for besides openid."`
	IDClaim          string        `koanf:"id_claim" doc:"Claim that names somebody in the audit; choose one that is no personal data."`
	RolesClaim       string        `koanf:"roles_claim" doc:"Claim of the ID token, or else of the user info, that says what somebody may do; points lead into objects (realm_access.roles)."`
	RolesMap         []string      `koanf:"roles_map" doc:"value=role pairs: which role a value of the claim gives; a value may stand in several."`
	SessionMax       time.Duration `koanf:"session_max" doc:"A session ends after this long; so long may lost roles still count."`
	SessionIdle      time.Duration `koanf:"session_idle" doc:"A session that is not used ends after this long."`
}

// Vault are the keys that seal what only few may read.
type Vault struct {
	Keys     Secret `koanf:"keys" doc:"id:base64 pairs of 32 random bytes (openssl rand -base64 32), separated by commas or line ends, the same in all processes that serve. The first seals, all of them open, so that keys can be replaced; a key that is taken away makes unreadable what it sealed. Empty: codes and addresses are refused. Rather use keys_file."`
	KeysFile string `koanf:"keys_file" doc:"File that holds the pairs."`
}

// Contacts is the stage that keeps addresses.
type Contacts struct {
	SealInterval time.Duration `koanf:"seal_interval" doc:"How often a record is written that lets compaction remove what was erased; at most a few hours."`
}

// Shares are the keys of share tokens.
type Shares struct {
	Keys     Secret `koanf:"keys" doc:"id:secret pairs, separated by commas or line ends; secrets have at least 32 characters. The first signs, all of them verify, so that keys can be replaced. Empty: there are no share tokens, those of events are not looked at, and no order is a referral. Rather use keys_file."`
	KeysFile string `koanf:"keys_file" doc:"File that holds the pairs."`
}

// Events are the limits of inbound events.
type Events struct {
	LateAfter       time.Duration `koanf:"late_after" doc:"Older events are dead letters (TOO_OLD) unless they are an allowed backfill."`
	Skew            time.Duration `koanf:"skew" doc:"Events may be this far in the future."`
	BackfillSources []string      `koanf:"backfill_sources" doc:"Sources (ce_source) that may send history with the attribute backfill; a trailing * matches any rest."`
}

// Program is the program's clock: it moves decisions only, never time-outs, tokens or TLS.
type Program struct {
	Zone        string        `koanf:"zone" doc:"Time zone of the analysts' days (IANA name); decisions use the rulebook's timezone, which should be the same."`
	Now         string        `koanf:"now" doc:"RFC 3339; the program's clock starts there and runs on; empty: the wall clock."`
	ClockOffset time.Duration `koanf:"clock_offset" doc:"The program's clock is this far ahead of the wall clock; instead of now."`
}

// Mall is what becomes of redemptions.
type Mall struct {
	ReturnDays int `koanf:"return_days" doc:"Days after the delivery, or the fulfilment, in which a return or an exchange can be asked for; the redemption is closed then."`
}

// Balances is the owner of shards.
type Balances struct {
	BatchMax     int           `koanf:"batch_max" doc:"Records per transaction while requests are about."`
	BatchMaxIdle int           `koanf:"batch_max_idle" doc:"Records per transaction when only credits wait."`
	RestoreGrace time.Duration `koanf:"restore_grace" doc:"How long points live at least that a returned redemption gives back after their expiry; 0: they expire at once."`
}

// Credits is the stage that evaluates rules.
type Credits struct {
	BatchMax       int           `koanf:"batch_max" doc:"Records per transaction."`
	LagMax         int64         `koanf:"lag_max" doc:"Pause while the owners are behind by more records than this, so that a redemption never waits behind more."`
	RulebookAgeMax time.Duration `koanf:"rulebook_age_max" doc:"Stop deciding when the reading of the rulebook topic is older than this."`
}

// Webhook is the receiver of points.coupons.v1.
type Webhook struct {
	URL          string        `koanf:"url" doc:"http(s) URL that takes the events by POST; empty: nothing is delivered."`
	Secret       Secret        `koanf:"secret" doc:"Signs the events: whsec_ and 24 to 64 bytes in base64, the same at the receiver. Rather use secret_file."`
	SecretFile   string        `koanf:"secret_file" doc:"File that holds the secret."`
	Timeout      time.Duration `koanf:"timeout" doc:"How long the receiver may take to answer."`
	TriesMax     int           `koanf:"tries_max" doc:"After so many tries an event is a dead letter (UNDELIVERED)."`
	RetryWaitMin time.Duration `koanf:"retry_wait_min" doc:"Wait before the second try; each further one is twice as long, with jitter."`
	RetryWaitMax time.Duration `koanf:"retry_wait_max" doc:"Longest wait between two tries."`
}

// Log is what is logged and how.
type Log struct {
	Level  string `koanf:"level" doc:"debug, info, warn or error."`
	Format string `koanf:"format" doc:"auto (text on a terminal, else json), text or json."`
}
