package config

// webhookPrefix marks a secret of Standard Webhooks.
const webhookPrefix = "whsec_"

func (c Webhook) check(k *check) {
	k.positive("webhook.timeout", c.Timeout)
	k.positive("webhook.retry_wait_min", c.RetryWaitMin)
	k.that(c.RetryWaitMax >= c.RetryWaitMin, "webhook.retry_wait_max: must not be below retry_wait_min")
	k.that(c.TriesMax >= 1, "webhook.tries_max: must be above 0")
	if c.URL != "" {
		checkHook(k, "webhook", c.URL, c.Secret)
	}
}
