package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"jifen/internal/orderimport"
	"jifen/test/data"
	"jifen/topics"
)

// kept is a producer that keeps what it is given.
type kept struct{ records []topics.Record }

func (k *kept) Produce(_ context.Context, records []topics.Record) error {
	k.records = append(k.records, records...)
	return nil
}

func (k *kept) door(_ *cobra.Command, use func(producer) error) error { return use(k) }

// call runs a command with arguments and returns its stdout, stderr and error.
func call(cmd *cobra.Command, args ...string) (stdout, stderr string, err error) {
	var out, faults bytes.Buffer
	cmd.SilenceErrors = true
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&faults)
	err = cmd.ExecuteContext(context.Background())
	return out.String(), faults.String(), err
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestImportOrdersTwiceSendsTheSame(t *testing.T) {
	var k, again kept
	args := []string{"orders", "-o", "json", "--csv", write(t, "o.csv", string(data.Orders)), "--map", write(t, "m.yaml", string(data.OrdersMap))}
	out, faults, err := call(importCommand(k.door), args...)
	if err != nil || faults != "" {
		t.Fatal(err, faults)
	}
	var s orderimport.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil || s.OrdersPaid != 531 || s.Events != len(k.records) {
		t.Fatalf("%v %d records, %s", err, len(k.records), out)
	}
	if _, _, err := call(importCommand(again.door), args...); err != nil || !reflect.DeepEqual(again, k) {
		t.Fatal("the second run sent other records", err)
	}
	var none kept
	if dry, _, err := call(importCommand(none.door), append(args, "--dry-run")...); err != nil || dry != out || len(none.records) != 0 {
		t.Fatalf("dry run: %v, %d records, %s", err, len(none.records), dry)
	}
}

func TestImportWritesRejectsBesideTheFile(t *testing.T) {
	var k kept
	csv := write(t, "o.csv", "invoice,stock_code,description,quantity,invoice_time,unit_price_gbp,customer_id,country\n1,A,x,one,2010-12-01T08:26:00,1,7,UK\n")
	out, faults, err := call(importCommand(k.door), "orders", "--csv", csv, "--map", write(t, "m.yaml", string(data.OrdersMap)))
	if err != nil || !strings.Contains(out, "quantity") || !strings.Contains(faults, ".rejects.csv") {
		t.Fatal(err, out, faults)
	}
	rejects, err := os.ReadFile(csv + ".rejects.csv")
	if err != nil || !strings.HasPrefix(string(rejects), "line,reason,message,row\n2,quantity,") {
		t.Fatal(err, string(rejects))
	}
}

func TestProduceSendsTheRestAndReportsBadLines(t *testing.T) {
	var k kept
	event := `{"specversion":"1.0","id":"1","source":"/s","type":"shop.order.paid.v1","time":"2026-01-01T00:00:00Z","data":{"member":"m1", "a":1,"a":2}}`
	file := write(t, "e.jsonl", event+"\nnot json\n\n"+strings.Replace(event, "order.paid", "order.lost", 1)+"\n"+
		strings.Replace(event, "shop.order.paid", "com.example.x", 1)+"\n"+strings.Replace(event, "shop.order.paid.v1", "shop.activity.v1", 1))
	out, faults, err := call(produceCommand(k.door), file, "--backfill", "run-1", "-o", "json")
	if !errors.Is(err, errDiffers) || strings.Count(faults, "\n") != 2 || !strings.Contains(faults, "e.jsonl:2: DECODE") || !strings.Contains(faults, "e.jsonl:5: UNKNOWN_TYPE") {
		t.Fatal(err, faults)
	}
	var report produced
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Produced != 3 || report.Refused != 2 || report.Topics[topics.Orders] != 2 {
		t.Fatal(err, out)
	}
	r := k.records[0]
	if string(r.Value) != `{"member":"m1", "a":1,"a":2}` || string(r.Key) != "m1" || r.Topic != topics.Orders {
		t.Fatalf("%+v", r)
	}
	if last := r.Headers[len(r.Headers)-1]; last.Key != topics.BackfillHeader || string(last.Value) != "run-1" {
		t.Fatalf("%+v", r.Headers)
	}
}
