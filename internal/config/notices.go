package config

import (
	"encoding/base64"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"jifen/topics"
)

// How an e-mail server is spoken to.
const (
	EmailStartTLS = "starttls"
	EmailTLS      = "tls"
	EmailNone     = "none"
)

// Notices are the channels by which members are told beside the mall's own messages.
type Notices struct {
	Channels      []string      `koanf:"channels" doc:"Channels in use, of email, sms, push, social; each member chooses among them. Empty: nothing is sent."`
	TemplatesFile string        `koanf:"templates_file" doc:"YAML file of titles and texts per channel, language and kind; what it lacks is as by default."`
	AgeMax        time.Duration `koanf:"age_max" doc:"Older notices are not sent any more: after an outage, or when a channel is new."`
	TriesMax      int           `koanf:"tries_max" doc:"After so many tries a notice is a dead letter (UNDELIVERED)."`
	RetryWaitMin  time.Duration `koanf:"retry_wait_min" doc:"Wait before the second try; each further one is twice as long, with jitter."`
	RetryWaitMax  time.Duration `koanf:"retry_wait_max" doc:"Longest wait between two tries."`
	Email         Email         `koanf:"email" doc:"The SMTP server of channel email."`
	Webhook       NoticeHook    `koanf:"webhook" doc:"The receiver of sms, push and social as Standard Webhooks."`
}

// Email is an SMTP server.
type Email struct {
	Addr         string        `koanf:"addr" doc:"host:port."`
	Encryption   string        `koanf:"encryption" doc:"starttls (refused where the server has none), tls (from the first byte) or none."`
	CAFile       string        `koanf:"ca_file" doc:"PEM file of the authorities to trust; empty: those of the system."`
	Username     string        `koanf:"username" doc:"User name; empty: none. Needs encryption."`
	Password     Secret        `koanf:"password" doc:"Password; rather use password_file."`
	PasswordFile string        `koanf:"password_file" doc:"File that holds the password."`
	From         string        `koanf:"from" doc:"Sender, such as Points <points@example.com>."`
	Timeout      time.Duration `koanf:"timeout" doc:"How long one e-mail may take."`
}

// NoticeHook is a receiver of notices.
type NoticeHook struct {
	URL        string        `koanf:"url" doc:"http(s) URL that takes them by POST."`
	Secret     Secret        `koanf:"secret" doc:"Signs them: whsec_ and 24 to 64 bytes in base64, the same at the receiver. Rather use secret_file."`
	SecretFile string        `koanf:"secret_file" doc:"File that holds the secret."`
	Timeout    time.Duration `koanf:"timeout" doc:"How long the receiver may take to answer."`
}

func (c Notices) check(k *check) {
	for _, channel := range c.Channels {
		k.oneOf("notices.channels", channel, topics.Channels()...)
	}
	k.positive("notices.age_max", c.AgeMax)
	k.that(c.TriesMax >= 1, "notices.tries_max: must be above 0")
	k.positive("notices.retry_wait_min", c.RetryWaitMin)
	k.that(c.RetryWaitMax >= c.RetryWaitMin, "notices.retry_wait_max: must not be below retry_wait_min")
	email := func(channel string) bool { return channel == topics.ChannelEmail }
	if slices.ContainsFunc(c.Channels, email) {
		c.Email.check(k)
	}
	if slices.ContainsFunc(c.Channels, func(channel string) bool { return !email(channel) }) {
		checkHook(k, "notices.webhook", c.Webhook.URL, c.Webhook.Secret)
		k.positive("notices.webhook.timeout", c.Webhook.Timeout)
	}
}

func (c Email) check(k *check) {
	k.addr("notices.email.addr", c.Addr)
	k.oneOf("notices.email.encryption", c.Encryption, EmailStartTLS, EmailTLS, EmailNone)
	k.that(c.Username == "" || c.Encryption != EmailNone, "notices.email.username: needs encryption")
	k.that((c.Username == "") == (c.Password == ""), "notices.email: username and password belong together")
	_, err := mail.ParseAddress(c.From)
	k.that(err == nil, "notices.email.from: is no address")
	k.positive("notices.email.timeout", c.Timeout)
	if _, err := (TLS{Enabled: true, CAFile: c.CAFile}).Client(); err != nil {
		k.that(false, "notices.email: %w", err)
	}
}

// checkHook checks the receiver of Standard Webhooks.
func checkHook(k *check, name, address string, secret Secret) {
	u, err := url.Parse(address)
	k.that(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", "%s.url: is not an http(s) URL", name)
	key, isSecret := strings.CutPrefix(secret.Reveal(), webhookPrefix)
	b, err := base64.StdEncoding.DecodeString(key)
	k.that(isSecret && err == nil && len(b) >= 24 && len(b) <= 64, "%s.secret: must be whsec_ and 24 to 64 bytes in base64", name)
}
