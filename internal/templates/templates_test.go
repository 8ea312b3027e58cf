package templates

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"jifen/topics"
)

var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

func shipped() *topics.NoticeEvent {
	return &topics.NoticeEvent{ID: "n1", Kind: topics.NoticeShipped, Data: topics.NoticeData{
		Member: "m1", Redemption: "r1", Item: "mug", ItemName: &topics.Words{Zh: "马克杯", En: "Mug"}, Quantity: 1, Carrier: "SF", Number: "7",
		Text: topics.Words{Zh: "您兑换的「马克杯」已发货：SF，单号 7。", En: "Mug is on its way: SF, tracking number 7."},
	}}
}

// TestEveryKindHasWords on every channel and in both languages without a file; those of an SMS are short.
func TestEveryKindHasWords(t *testing.T) {
	s, err := Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range topics.Channels() {
		for _, language := range languages {
			for _, kind := range topics.NoticeKinds() {
				e := &topics.NoticeEvent{Kind: kind, Data: topics.NoticeData{Member: "m", Points: 1000, ExpiresAt: "2027-05-26T16:00:00Z", Text: topics.Words{Zh: "文", En: "text"}}}
				name, title, text, err := s.Render(channel, language, e, shanghai)
				if err != nil || text == "" || (title == "") != (channel == topics.ChannelSMS) {
					t.Errorf("%s: title %q, text %q, %v", name, title, text, err)
				}
				if n := utf8.RuneCountInString(text); channel == topics.ChannelSMS && n > 70 {
					t.Errorf("%s has %d characters", name, n)
				}
			}
		}
	}
}

func TestWordsAreOfTheLanguage(t *testing.T) {
	s, err := Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range [][2]string{{"email", "en"}, {"email", ""}, {"sms", "zh-CN"}, {"push", "fr"}} {
		name, title, text, err := s.Render(x[0], x[1], shipped(), shanghai)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name, title, text)
	}
	want := []string{
		"email/en/*", "Shipped", "Hello,\n\nMug is on its way: SF, tracking number 7.\nCarrier: SF\nTracking number: 7\n\nThis e-mail was sent automatically; please do not reply.\n",
		"email/zh-CN/*", "礼品已发货", "您好，\n\n您兑换的「马克杯」已发货：SF，单号 7。\n承运商：SF\n运单号：7\n\n此邮件由系统自动发送，请勿直接回复。\n",
		"sms/zh-CN/shipped", "", "您兑换的马克杯已发货，SF 7。", "push/zh-CN/*", "礼品已发货", "您兑换的「马克杯」已发货：SF，单号 7。",
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

// TestAFileGoesBeforeTheDefaults, for what it names.
func TestAFileGoesBeforeTheDefaults(t *testing.T) {
	s, err := Read([]byte(`apiVersion: jifen/v1
kind: Templates
templates:
  email:
    en:
      expiry:
        title: "{{.Points}} points until {{.LastDay}}"
        text: |
          Dear {{.Member}},
          {{if gt .Days 7}}soon{{else}}very soon{{end}}, from {{.Date}} on.
`))
	if err != nil {
		t.Fatal(err)
	}
	e := &topics.NoticeEvent{Kind: topics.NoticeExpiry, Data: topics.NoticeData{Member: "m1", Points: 5, Days: 30, ExpiresAt: "2027-05-26T16:00:00Z"}}
	name, title, text, err := s.Render("email", "en", e, shanghai)
	got := []string{name, title, text}
	if d := cmp.Diff(got, []string{"email/en/expiry", "5 points until 2027-05-26", "Dear m1,\nsoon, from 2027-05-27 on.\n"}); d != "" || err != nil {
		t.Errorf("%v (-got +want):\n%s", err, d)
	}
	if name, _, _, _ = s.Render("email", "zh-CN", e, shanghai); name != "email/zh-CN/*" {
		t.Errorf("the other language has %s", name)
	}
}

// TestEveryFaultOfAFileIsNamedWithItsLine, all at once.
func TestEveryFaultOfAFileIsNamedWithItsLine(t *testing.T) {
	_, err := Read([]byte(`apiVersion: jifen/v2
kind: Templates
colour: red
templates:
  fax: {}
  email:
    fr: {}
    en:
      expired: {title: a, text: b}
      expiry:
        title: "{{.Balance}}"
        text: |
          one
          two {{if .Number}}{{.Sum}}{{end}}
      digest: {title: "{{", text: "{{range .Items}}{{end}}"}
      frozen: {text: "{{index .Tier 9}}"}
      shipped: {title: a, text: b, html: c}
  sms:
    en:
      expiry: {title: a, text: b}
      digest: text
`))
	if err == nil {
		t.Fatal("read")
	}
	var got []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		got = append(got, line)
	}
	want := []string{
		`line 1: apiVersion: want jifen/v1`, `line 3: unknown key "colour"; want apiVersion, kind, templates`,
		`line 5: unknown channel "fax"; want email, sms, push, social`, `line 7: unknown language "fr"; want zh-CN, en`,
		`line 9: unknown kind "expired"; want ` + strings.Join(append(topics.NoticeKinds(), "*"), ", "),
		`line 11: email/en/expiry: there is no field .Balance`, `line 14: email/en/expiry: there is no field .Sum`,
		`line 15: email/en/digest: unclosed action`, `line 15: email/en/digest: range and template are not for these texts`,
		`line 16: email/en/frozen: executing "email/en/frozen" at <index .Tier 9>: error calling index: index out of range: 9`,
		`line 16: email/en/frozen: title is missing`, `line 17: unknown key "html"; want title, text`,
		`line 20: sms/en/expiry: an SMS has no title`, `line 21: sms/en/digest: want a mapping`, `line 21: sms/en/digest: text is missing`,
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	for _, bad := range []string{"templates: [", "- a", "", "a: b\n---\nc: d\n", "apiVersion: jifen/v1\nkind: Templates\ntemplates: 3\n"} {
		if _, err := Read([]byte(bad)); err == nil {
			t.Errorf("read %q", bad)
		}
	}
}
