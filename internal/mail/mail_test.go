package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"jifen/internal/config"
)

// server is a real SMTP server of another library.
type server struct {
	mu     sync.Mutex
	got    []string // what was accepted, whole
	refuse error    // of the recipient
	user   string   // who logged in; empty: nobody has to
}

type session struct {
	*server
	known bool
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.user || password != "secret" {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.user != "" && !s.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(string, *smtp.RcptOptions) error { return s.refuse }
func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, string(b))
	return err
}

// serve starts the server; tls is how it is encrypted.
func serve(t *testing.T, s *server, encryption string) config.Email {
	t.Helper()
	cert, ca := certificate(t)
	srv := smtp.NewServer(s)
	srv.Domain, srv.AllowInsecureAuth = "localhost", false
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := config.Email{Addr: l.Addr().String(), Encryption: encryption, CAFile: ca, From: "积分 <points@shop.example>", Timeout: 5 * time.Second}
	trust := &tls.Config{Certificates: []tls.Certificate{cert}}
	switch encryption {
	case config.EmailTLS:
		l = tls.NewListener(l, trust)
	case config.EmailStartTLS:
		srv.TLSConfig = trust
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return c
}

func certificate(t *testing.T) (cert tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, x, x, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func send(t *testing.T, c config.Email) error {
	t.Helper()
	s, err := NewSender(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(t.Context(), Message{ID: "n1-email", To: "ana@example.com", Subject: "礼品已发货", Text: "您好，\n运单号 7\n", Date: time.UnixMilli(1780000000000)})
}

// TestAnEMailIsWhatItSays over each kind of encryption, with and without a login.
func TestAnEMailIsWhatItSays(t *testing.T) {
	for _, encryption := range []string{config.EmailStartTLS, config.EmailTLS, config.EmailNone} {
		s := &server{}
		c := serve(t, s, encryption)
		if encryption != config.EmailNone {
			s.user = "jifen"
			c.Username, c.Password = "jifen", "secret"
		}
		if err := send(t, c); err != nil {
			t.Errorf("%s: %v", encryption, err)
			continue
		}
		m, err := mail.ReadMessage(strings.NewReader(s.got[0]))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		from, err := m.Header.AddressList("From")
		if err != nil {
			t.Fatal(err)
		}
		h := m.Header
		got := []string{subject, from[0].Name, h.Get("To"), h.Get("Message-Id"), h.Get("Auto-Submitted")}
		want := []string{"礼品已发货", "积分", "<ana@example.com>", "<n1-email@shop.example>", "auto-generated"}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %q, want %q", encryption, got[i], want[i])
			}
		}
		if at, err := h.Date(); err != nil || at.UnixMilli() != 1780000000000 {
			t.Errorf("%s: date %v %v", encryption, at, err)
		}
	}
}

// TestWhatTheServerSaysIsTold in numbers, without its words, and whether it is worth another try.
func TestWhatTheServerSaysIsTold(t *testing.T) {
	answer := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no ana@example.com here"}
	}
	for _, x := range []struct {
		name    string
		change  func(*server, *config.Email)
		refused bool
		said    string
	}{
		{"unknown user", func(s *server, _ *config.Email) { s.refuse = answer(550) }, true, "the mail server answered 550"},
		{"greylisted", func(s *server, _ *config.Email) { s.refuse = answer(451) }, false, "the mail server answered 451"},
		{"no TLS there", func(_ *server, c *config.Email) { c.Encryption = config.EmailStartTLS }, false, "mail server: "},
	} {
		s := &server{}
		c := serve(t, s, config.EmailNone)
		x.change(s, &c)
		err := send(t, c)
		var refused *RefusedError
		if err == nil || errors.As(err, &refused) != x.refused || !strings.HasPrefix(err.Error(), x.said) || strings.Contains(err.Error(), "ana") || len(s.got) > 0 {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	s := &server{user: "jifen"}
	c := serve(t, s, config.EmailTLS)
	c.Username, c.Password = "jifen", "wrong"
	if err := send(t, c); err == nil || len(s.got) > 0 {
		t.Errorf("a wrong password: %v", err)
	}
	c.CAFile = ""
	if err := send(t, c); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody known: %v", err)
	}
	c.Timeout = 200 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0") // answers nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c.Addr, c.Encryption, c.Username = l.Addr().String(), config.EmailNone, ""
	began := time.Now()
	if err := send(t, c); err == nil || time.Since(began) > 3*time.Second {
		t.Errorf("a server that says nothing: %v after %v", err, time.Since(began))
	}
}
