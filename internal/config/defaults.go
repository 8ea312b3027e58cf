package config

import "time"

// Default is the configuration of a process that was told nothing.
func Default() Config {
	return Config{
		Shards: 64,
		Kafka: Kafka{
			Brokers: []string{"localhost:9092"}, ClientID: "jifen", Instance: "0",
			SessionTimeout: 6 * time.Second, TransactionTimeout: 6 * time.Second,
		},
		Redis:      Redis{Addrs: []string{"localhost:6379"}},
		ClickHouse: ClickHouse{DSN: "clickhouse://localhost:9000/jifen"},
		HTTP: HTTP{
			Addr: ":8080", ReadHeaderTimeout: 5 * time.Second, RequestTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
			ShutdownTimeout: 10 * time.Second, BodyBytesMax: 64 << 10, RedemptionWait: 2 * time.Second, QuoteValidity: 15 * time.Minute, EmbedOrigins: []string{}, TrustedProxies: []string{},
			RateMember: 50, RateMemberBurst: 200, RateIPBurst: 600,
		},
		Admin: Admin{FourEyesAbove: 1000, Addr: ":8081"},
		Auth: Auth{
			Audience: "jifen", Algorithms: []string{"EdDSA", "RS256"}, APIKeys: []string{}, OIDC: OIDC{
				Scopes: []string{}, IDClaim: "sub", RolesClaim: "roles", RolesMap: []string{}, SessionMax: 8 * time.Hour, SessionIdle: time.Hour,
			},
		},
		Events: Events{
			LateAfter: 7 * 24 * time.Hour, Skew: 5 * time.Minute, BackfillSources: []string{},
		},
		Program:  Program{Zone: "Asia/Shanghai"},
		Mall:     Mall{ReturnDays: 15},
		Balances: Balances{BatchMax: 5000, BatchMaxIdle: 20000, RestoreGrace: 7 * 24 * time.Hour},
		Credits:  Credits{BatchMax: 5000, LagMax: 20000, RulebookAgeMax: time.Minute},
		Contacts: Contacts{SealInterval: time.Hour},
		Webhook:  Webhook{Timeout: 15 * time.Second, TriesMax: 20, RetryWaitMin: time.Second, RetryWaitMax: 5 * time.Minute},
		Notices: Notices{
			Channels: []string{}, AgeMax: 24 * time.Hour, TriesMax: 20, RetryWaitMin: time.Second, RetryWaitMax: 5 * time.Minute,
			Email: Email{Encryption: EmailStartTLS, Timeout: 30 * time.Second}, Webhook: NoticeHook{Timeout: 15 * time.Second},
		},
		Log: Log{Level: "info", Format: "auto"},
	}
}
