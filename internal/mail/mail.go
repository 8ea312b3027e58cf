// Package mail sends e-mails through an SMTP server (R50, R54).
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"jifen/internal/config"
)

// Message is an e-mail.
type Message struct {
	ID      string // without the domain: Message-ID is made from it, so that it is the same however often it is sent
	To      string
	Subject string
	Text    string
	Date    time.Time
}

// Sender sends by one server.
type Sender struct {
	from    *mail.Address
	domain  string
	options []gomail.Option
	host    string
	timeout time.Duration
}

// RefusedError says that the server will never take a message: its answer was a 5xx, or the address is none.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return e.Why }

// NewSender makes a sender; it does not connect yet.
func NewSender(c config.Email) (*Sender, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("notices.email.from: %w", err)
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return nil, fmt.Errorf("notices.email.addr: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("notices.email.addr: %w", err)
	}
	trust, err := config.TLS{Enabled: true, CAFile: c.CAFile}.Client()
	if err != nil {
		return nil, fmt.Errorf("notices.email: %w", err)
	}
	trust.ServerName = host
	_, domain, _ := strings.Cut(from.Address, "@")
	s := &Sender{from: from, domain: domain, host: host, timeout: c.Timeout}
	s.options = append(security(c.Encryption, trust), gomail.WithPort(number), gomail.WithTimeout(c.Timeout), gomail.WithHELO(domain))
	if c.Username != "" {
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(c.Username), gomail.WithPassword(c.Password.Reveal()))
	}
	return s, nil
}

// security are the options of a kind of encryption; none is never a fallback.
func security(encryption string, trust *tls.Config) []gomail.Option {
	switch encryption {
	case config.EmailTLS:
		return []gomail.Option{gomail.WithSSL(), gomail.WithTLSConfig(trust)}
	case config.EmailStartTLS:
		return []gomail.Option{gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithTLSConfig(trust)}
	}
	return []gomail.Option{gomail.WithTLSPolicy(gomail.NoTLS)}
}

// Send tries once. Its errors say what the server answered in numbers only: its words may name the member.
func (s *Sender) Send(ctx context.Context, m Message) error {
	ctx, done := context.WithTimeout(ctx, s.timeout)
	defer done()
	msg := gomail.NewMsg()
	msg.FromMailAddress(s.from)
	if err := msg.To(m.To); err != nil {
		return &RefusedError{"the member's address is none"}
	}
	msg.SetMessageIDWithValue(m.ID + "@" + s.domain)
	msg.SetDateWithValue(m.Date)
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence answers it
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	err = client.Send(msg)
	_ = client.Close() // what was sent was answered
	return said(err)
}

// said is an error without what it says of the member.
func said(err error) error {
	if err == nil {
		return nil
	}
	var failed *gomail.SendError
	if !errors.As(err, &failed) {
		return errors.New("the mail server broke off")
	}
	code := failed.ErrorCode()
	why := "the mail server answered " + strconv.Itoa(code)
	switch {
	case code == 0:
		return errors.New("the mail server broke off")
	case code/100 == 5 && !failed.IsTemp():
		return &RefusedError{why}
	}
	return errors.New(why)
}
