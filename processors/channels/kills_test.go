package channels_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"jifen/internal/config"
	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/internal/webhook"
	"jifen/processors/channels"
	"jifen/topics"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	secret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	notices = 60
)

// TestNoNoticeIsLostByKills: the reader is killed between a message that was sent and its offset again and again, and the
// receiver is down for a while; in the end it has every notice under its id, some of them twice, and none is a dead letter.
func TestNoNoticeIsLostByKills(t *testing.T) {
	c := kafka.Config{Brokers: []string{testkit.StartKfake(t).Addr()}, ClientID: "test", Instance: "0", SessionTimeout: 6 * time.Second, TransactionTimeout: 6 * time.Second}
	if _, err := kafka.Apply(t.Context(), c, 4); err != nil {
		t.Fatal(err)
	}
	producer, err := kafka.NewProducer(c)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	var all []topics.Record
	for i := range notices {
		e := topics.NoticeEvent{ID: fmt.Sprint("n", i), Kind: topics.NoticeShipped, Time: time.Now(), Data: topics.NoticeData{Member: fmt.Sprint("m", i)}}
		r, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := producer.Produce(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	receiver, err := webhook.NewReceiver(secret)
	if err != nil {
		t.Fatal(err)
	}
	var down atomic.Bool
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		receiver.ServeHTTP(w, r)
	}))
	defer web.Close()
	hook, err := webhook.NewSender(config.Webhook{URL: web.URL, Secret: secret, Timeout: 5 * time.Second}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for life := range 5 {
		kills := int64(7)
		if life == 4 {
			kills = 0 // the last one lives
		}
		down.Store(life == 2)
		time.AfterFunc(300*time.Millisecond, func() { down.Store(false) })
		live(t, c, hook, kills, func() bool { got, _, _ := receiver.Received(); return len(got) == notices })
	}
	got, posts, refused := receiver.Received()
	if len(got) != notices || posts <= notices || refused > 0 {
		t.Errorf("%d of %d received, %d posts, %d not verified", len(got), notices, posts, refused)
	}
	for i := range notices {
		var body struct{ ID, Member string }
		id := fmt.Sprint("n", i, "-push")
		if err := json.Unmarshal(got[id], &body); err != nil || body.ID != id || body.Member != fmt.Sprint("m", i) {
			t.Errorf("%s: %v %s", id, err, got[id])
		}
	}
	letters := 0
	err = kafka.Read(t.Context(), c, topics.DeadLetterPrefix+topics.Notices, 0, 0, func(*topics.Record, time.Time) error { letters++; return nil })
	if err != nil || letters > 0 {
		t.Errorf("%d dead letters, %v", letters, err)
	}
}

// live runs the delivery until it was killed after so many sends (0: not at all) or everything is there.
func live(t *testing.T, c kafka.Config, hook *webhook.Sender, kills int64, done func() bool) {
	t.Helper()
	ctx, kill := context.WithTimeout(t.Context(), 30*time.Second)
	defer kill()
	var sent atomic.Int64
	stage := channels.New(channels.Dependencies{
		Channel: topics.ChannelPush, Clock: time.Now, AgeMax: time.Hour, TriesMax: 1 << 20, WaitMin: time.Millisecond, WaitMax: 10 * time.Millisecond,
		Contact: func(context.Context, string) (channels.Contact, error) {
			return channels.Contact{Channels: []string{topics.ChannelPush}}, nil
		},
		Render: func(string, *topics.NoticeEvent) (template, title, text string, err error) {
			return "t", "title", "text", nil
		},
		Observe: func(string) {},
		Send: func(ctx context.Context, m channels.Message) error {
			body, err := json.Marshal(map[string]string{"id": m.ID, "member": m.Member})
			if err == nil {
				err = hook.Post(ctx, m.ID, body)
			}
			if err == nil && sent.Add(1) == kills {
				kill() // it is sent, and its offset is not committed
				return errors.New("killed")
			}
			return err
		},
	})
	go func() {
		for ctx.Err() == nil {
			if kills == 0 && done() {
				kill()
			}
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	d := &kafka.Delivery{Config: c, Group: topics.GroupChannels + topics.ChannelPush, Topic: topics.Notices, Deliver: stage.Deliver}
	if err := d.Run(ctx); err != nil {
		t.Fatal(err)
	}
}
