package config

import "log/slog"

// Secret is a value that never prints: not in logs, not in `config print`, not in errors.
type Secret string

const masked = "******"

// Reveal returns the value; call it only where the secret is handed to its library.
func (s Secret) Reveal() string { return string(s) }

// String masks the value; an unset secret is empty, so that one sees whether it is set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// GoString masks the value under %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText masks the value in JSON, YAML and text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue masks the value in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
