package config

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// webhookPrefix marks a secret of Standard Webhooks.
const webhookPrefix = "whsec_"

func (c Webhook) check(k *check) {
	k.positive("webhook.timeout", c.Timeout)
	k.positive("webhook.retry_wait_min", c.RetryWaitMin)
	k.that(c.RetryWaitMax >= c.RetryWaitMin, "webhook.retry_wait_max: must not be below retry_wait_min")
	k.that(c.TriesMax >= 1, "webhook.tries_max: must be above 0")
	if c.URL == "" {
		return
	}
	u, err := url.Parse(c.URL)
	k.that(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", "webhook.url: is not an http(s) URL")
	key, isSecret := strings.CutPrefix(c.Secret.Reveal(), webhookPrefix)
	b, err := base64.StdEncoding.DecodeString(key)
	k.that(isSecret && err == nil && len(b) >= 24 && len(b) <= 64, "webhook.secret: must be whsec_ and 24 to 64 bytes in base64")
}
