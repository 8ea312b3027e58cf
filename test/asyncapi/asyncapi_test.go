// Package asyncapi_test has AsyncAPI's own parser read the contract, topics/asyncapi.yaml.
package asyncapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jifen/internal/testkit"
	"jifen/topics"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// warning is the parser's number of it; errors have a lower one, information and hints a higher.
const warning = 1

// verdict is what check.cjs says of a document.
type verdict struct {
	Valid       bool
	Diagnostics []struct {
		Severity            int
		Code, Path, Message string
	}
	Messages, Examples int
	Refused            []string
}

// faults are what is wrong with a document. That a newer AsyncAPI than 3.0 exists is information and no fault.
func (v *verdict) faults() []string {
	faults := v.Refused
	for _, d := range v.Diagnostics {
		if d.Severity <= warning {
			faults = append(faults, d.Code+" "+d.Path+": "+d.Message)
		}
	}
	if !v.Valid && faults == nil {
		faults = []string{"refused without a word"}
	}
	return faults
}

// check runs the parser over documents, in one process.
func check(t *testing.T, documents ...string) []verdict {
	t.Helper()
	args := []string{"check.cjs"}
	for i, d := range documents {
		file := filepath.Join(t.TempDir(), string(rune('a'+i))+".yaml")
		if err := os.WriteFile(file, []byte(d), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+testkit.NodeModules(t, "."))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.Bytes())
	}
	var all []verdict
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var v verdict
		if err := in.Decode(&v); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		all = append(all, v)
	}
	if len(all) != len(documents) {
		t.Fatalf("%d verdicts of %d documents: %s", len(all), len(documents), out)
	}
	return all
}

// TestTheContractIsAsyncAPI: no error and no warning, a message for every type and more, and every frozen sample is an
// example that its schemas take, in each of the modes that it comes in.
func TestTheContractIsAsyncAPI(t *testing.T) {
	v := check(t, string(topics.AsyncAPI))[0]
	for _, f := range v.faults() {
		t.Error(f)
	}
	shop, err := filepath.Glob("../../topics/testdata/shop.*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	ours, err := filepath.Glob("../../topics/testdata/points.[nc]o*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if want := 2*len(shop) + len(ours); v.Examples != want || len(shop) == 0 || len(ours) == 0 {
		t.Errorf("%d examples, want %d: %d samples in two modes, %d of ours", v.Examples, want, len(shop), len(ours))
	}
	if want := len(topics.Types()) + len(topics.Shop()) + len(ours) + 1; v.Messages != want {
		t.Errorf("%d messages, want %d", v.Messages, want)
	}
}

// TestABrokenContractIsNoticed: what each of these says of a broken copy is what keeps the one above from being empty.
func TestABrokenContractIsNoticed(t *testing.T) {
	cases := []struct{ name, old, new, want string }{
		{"a reference to nothing", `"#/components/messages/shop.order.paid.v1"`, `"#/components/messages/gone"`, "invalid-ref"},
		{"no such action", "action: receive", "action: listen", "asyncapi-document-resolved"},
		{"no title", "title: Jifen events", "titel: Jifen events", "asyncapi-document-resolved"},
		{"a message of another channel", `"#/channels/shop.orders.v1/messages/shop.order.paid.v1"`, `"#/components/messages/shop.order.paid.v1"`, "asyncapi3-operation-messages-from-referred-channel"},
		{"a schema that is none", "maxItems: 1000", "maxItems: many", "maxItems"},
		{"an example without its member", "order: O2\n", "odrer: O2\n", "shop.order.paid.v1, order.paid.v1.least: payload: data must have required property 'order'"},
		{"an example of another type", "ce_type: shop.share.created.v1", "ce_type: shop.share.clicked.v1", "shop.share.created.v1, share.created.v1.full: headers: data/ce_type must be equal to constant"},
		{"a net that is no number", "net: 29900", "net: 299.5", "data/lines/0/net must be integer"},
	}
	var broken []string
	for _, c := range cases {
		b := strings.Replace(string(topics.AsyncAPI), c.old, c.new, 1)
		if b == string(topics.AsyncAPI) {
			t.Fatalf("%s: the contract has no %q", c.name, c.old)
		}
		broken = append(broken, b)
	}
	for i, v := range check(t, broken...) {
		if said := strings.Join(v.faults(), "\n"); !strings.Contains(said, cases[i].want) {
			t.Errorf("%s: want %q in\n%s", cases[i].name, cases[i].want, said)
		}
	}
}
