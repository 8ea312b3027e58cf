package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"jifen/internal/kafka"
	"jifen/topics"
)

var update = flag.Bool("update", false, "write docs/reference/cli.md and topics.md")

// reference holds a page of docs/reference against what the program says of itself, or writes it.
func reference(t *testing.T, name, want string) {
	t.Helper()
	file := "../../docs/reference/" + name
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(have), want); d != "" {
		t.Errorf("%s is not up to date: go test ./cmd/jifen -run Docs -update (-file +program):\n%s", file, d)
	}
}

func TestDocsCommandLine(t *testing.T) {
	t.Setenv("JIFEN_CONFIG", "")
	root := rootCommand()
	var b strings.Builder
	b.WriteString("# Command line\n\nMade from the program: `go test ./cmd/jifen -run Docs -update`.\n\n")
	fmt.Fprintf(&b, "%s\n\nFlags of every command:\n\n```\n%s```\n\n", root.Long, root.PersistentFlags().FlagUsages())
	b.WriteString("`jifen completion bash|zsh|fish|powershell` prints a script that completes commands and flags.\n")
	commandPages(&b, root)
	reference(t, "cli.md", b.String())
}

func commandPages(b *strings.Builder, cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		if c.Hidden {
			continue
		}
		if !c.HasSubCommands() {
			fmt.Fprintf(b, "\n## %s\n\n%s.\n", c.CommandPath(), c.Short)
			if c.Long != "" {
				fmt.Fprintf(b, "\n%s\n", c.Long)
			}
			fmt.Fprintf(b, "\n```\n%s\n", c.UseLine())
			if flags := c.LocalNonPersistentFlags(); flags.HasAvailableFlags() {
				fmt.Fprintf(b, "\n%s", flags.FlagUsages())
			}
			b.WriteString("```\n")
			if c.Example != "" {
				fmt.Fprintf(b, "\n```yaml\n%s\n```\n", strings.ReplaceAll(c.Example[2:], "\n  ", "\n"))
			}
		}
		commandPages(b, c)
	}
}

// topicPages says who writes a topic, who reads it, and in what form.
func topicPages() map[string][3]string {
	shop := [3]string{"shops", "`credits`, or owners that evaluate; `analytics`", "CloudEvents 1.0, JSON ([schemas](../../topics/schema))"}
	return map[string][3]string{
		topics.Orders: shop, topics.Shares: shop, topics.Reviews: shop, topics.Members: shop, topics.Activities: shop,
		topics.RulebookV1: {"`jifen rules publish`", "`credits`, `balances`, `serve`", "YAML, one document a version"},
		topics.Replays:    {"`jifen replay dlq`, the API", "`jifen replay dlq`, the API", "JSON, one mark a dead letter that was replayed, or of a late event what people decided"},
		topics.Runs:       {"the API, `jifen retro`", "the API, `jifen retro`", "JSON, one retro run and who decided what of it"},
		topics.SettingsV1: {"the API, `jifen settings apply`", "`serve`, `jifen settings get`", "JSON, what the retailer says of itself, with its revision"},
		topics.Credits:    {"`credits`, owners for others' members", "`balances`", "Protobuf `CreditEvent`"},
		topics.Requests:   {"`serve`, `jifen items apply`, `balances` of other shards", "`balances`", "Protobuf `Request`"},
		topics.Ledger:     {"`balances`", "`balances` (takeover), `notices`, `analytics`, `coupons`, `messages`, `contacts`, `jifen audit`, `jifen rebuild`", "Protobuf `Entry`"},
		topics.Notices:    {"`notices`", "`messages`, `channels`, messaging systems", "CloudEvents 1.0, JSON ([schema](../../topics/schema/notice.json))"},
		topics.Audit:      {"`balances`, the API, `jifen settings apply`", "auditors", "JSON, one record an act by hand, refusals too, and a freeze by an abuse rule; settings that were set, addresses that were read by staff"},
		topics.Contacts:   {"the API, `contacts`", "`contacts`", "Protobuf `Contact`, sealed with the member's own key"},
		topics.MemberKeys: {"the API, `contacts`", "`contacts`", "Protobuf `MemberKey`, sealed by `vault.keys`"},
		topics.Ratings:    {"the API, `contacts`", "`contacts`", "Protobuf `Rating`"},
		topics.Coupons:    {"`coupons`", "`webhooks`, `messages`, marketing systems", "CloudEvents 1.0, structured JSON ([coupon.issued.v1](../../topics/schema/coupon.issued.v1.json), [coupon.revoked.v1](../../topics/schema/coupon.revoked.v1.json))"},
		topics.Visits:     {"`serve`", "`analytics`", "JSON, one page of the mall that a member looked at"},
	}
}

func TestDocsTopics(t *testing.T) {
	declared, err := kafka.Declare(64)
	if err != nil {
		t.Fatal(err)
	}
	other, err := kafka.Declare(3)
	if err != nil {
		t.Fatal(err)
	}
	pages := topicPages()
	var b strings.Builder
	b.WriteString(`# Topics

Made from topics/topics.yaml: ` + "`go test ./cmd/jifen -run Docs -update`" + `. In flow order; ` + "`jifen topics plan|apply`" + ` compares,
creates, sets what is not set as here (a shop's topics keep what their owner set), and never deletes. A process does not start while
the brokers would delete what is kept for ever. ` + "`shards`" + ` is the setting of that name, 64 unless it says otherwise, fixed for the life of an
installation. Protobuf messages are in [points.proto](../../topics/points.proto); ` + "`jifen topics cat TOPIC`" + ` prints any topic as JSON.
The contract of the topics that others write and read is [asyncapi.yaml](../../topics/asyncapi.yaml), AsyncAPI 3: ` + "`jifen topics asyncapi`" + `
prints it, and the API serves it as /asyncapi.yaml and /asyncapi.json.

| topic | key | partitions | kept | written by | read by | value |
|---|---|---|---|---|---|---|
`)
	for i, d := range declared {
		if strings.HasPrefix(d.Name, topics.DeadLetterPrefix) {
			continue
		}
		page, known := pages[d.Name]
		if !known {
			t.Fatalf("who writes and reads %s?", d.Name)
		}
		if other[i].Partitions != d.Partitions {
			d.Partitions = "shards"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", d.Name, d.Key, d.Partitions, retained(d), page[0], page[1], page[2])
	}
	b.WriteString(`
` + "`points.credits.v1` and `points.requests.v1`" + ` are kept for ever by their settings, but owners delete what they have committed: the
effects are in the ledger. Timestamps of ` + "`points.requests.v1`" + ` are the brokers', which owners compare their clocks with.

What is kept of members beside the ledger lies in ` + "`points.contacts.v1`, `points.keys.v1` and `points.ratings.v1`" + `, in the partition of the
member's shard; keys begin with a hash of the member's id. What a tombstone erases there is gone within a day
([decision 0038](../decisions/0038-each-member-has-a-key.md)); records named ` + "`seal`" + ` see to that.

What is kept 30 days is not compacted: of a member who was erased it goes with its time. Where their id stands longer is told by
[decision 0028](../decisions/0028-an-erased-member-leaves-a-tombstone.md).

## Dead letters

`)
	for _, d := range declared {
		if strings.HasPrefix(d.Name, topics.DeadLetterPrefix) {
			fmt.Fprintf(&b, "- `%s`, kept %s\n", d.Name, retained(d))
		}
	}
	b.WriteString(`
A dead letter is the record as it came: key, value and headers untouched (a value larger than 15 MiB is cut). Beside them stand:

| header | value |
|---|---|
`)
	for _, h := range deadLetterHeaders() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", h[0], h[1])
	}
	fmt.Fprintf(&b, "\nWhat `jifen replay dlq` brought back to its topic has, beside its own headers, `%s`: topic/partition/offset of the dead letter.\n", topics.HeaderReplay)
	reference(t, "topics.md", b.String())
}

// deadLetterHeaders are the headers that a dead letter has beside its own.
func deadLetterHeaders() [][2]string {
	return [][2]string{
		{topics.HeaderReason, "one of the reasons in [errors.md](errors.md#dead-letters)"},
		{topics.HeaderMessage, "what is wrong, naming fields and never their values"},
		{topics.HeaderGroup, "consumer group of the stage that gave it up"},
		{topics.HeaderTopic, "topic that it came from"},
		{topics.HeaderPartition, "its partition"},
		{topics.HeaderOffset, "its offset"},
		{topics.HeaderCut, "only where the value was too large for the topic and was cut: how many bytes it had"},
	}
}

func retained(d kafka.Declared) string {
	switch {
	case d.Cleanup == "compact" && d.CompactionMS > 0:
		return fmt.Sprintf("last of each key, compacted within %d h", time.Duration(d.CompactionMS)*time.Millisecond/time.Hour)
	case d.Cleanup == "compact":
		return "last of each key"
	case d.RetentionMS < 0:
		return "for ever"
	}
	return strconv.Itoa(int(time.Duration(d.RetentionMS)*time.Millisecond/(24*time.Hour))) + " days"
}
