package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func retroCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "retro", Short: "Let past orders go by another version of the rules, or undo that"}
	cmd.AddCommand(retroPreviewCommand(), retroApplyCommand(), retroUndoCommand(), retroListCommand())
	return cmd
}

func retroPreviewCommand() *cobra.Command {
	var version, from, to, format string
	cmd := &cobra.Command{
		Use: "preview --version V --from TIME --to TIME", Short: "Say what a retro run would change, without effect",
		Long: "Reads the paid orders of the window that " + topics.Orders + " holds still, and decides each as its owner would, by the same code on\n" +
			"the states in Redis: what the version gives for what is kept of the order, less what its rules have given already. A rule\n" +
			"that the version lacks gives 0. Nothing is written. Each order is decided as if the run had come to no other.",
		Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			start, err := when("from", from, time.Now())
			end, endErr := when("to", to, time.Now())
			if err = errors.Join(err, endErr); err != nil {
				return &usageError{err}
			}
			if !start.Before(end) {
				return &usageError{errors.New("--from: want a time before --to")}
			}
			return withApp(func(cmd *cobra.Command, a *app, _ []string) error {
				return a.retroPreview(cmd, version, start, end)
			})(cmd, nil)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&version, "version", "", "the published `VERSION`, whatever its effective_from")
	flags.StringVar(&from, "from", "", "orders from this `TIME` of their events on (RFC 3339, or a duration ago such as 24h)")
	flags.StringVar(&to, "to", "", "orders before this `TIME`")
	outputFlag(cmd, &format, "text", "json")
	for _, name := range []string{"version", "from", "to"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			cmd.PreRunE = func(*cobra.Command, []string) error { return err }
		}
	}
	return cmd
}

func (a *app) retroPreview(cmd *cobra.Command, version string, from, to time.Time) error {
	ctx := cmd.Context()
	books, err := kafka.ReadRulebooks(ctx, a.rulebooks())
	if err != nil {
		return err
	}
	book := books.Version(version)
	if book == nil {
		return fmt.Errorf("--version: %q is no published version", version)
	}
	p := preview{app: a, books: books, report: &previewReport{
		Version: version, From: from.UTC(), To: to.UTC(), Outcomes: map[string]int{}, members: map[string]*memberChange{},
	}}
	var waiting []*pointspb.CreditEvent
	p.report.retroRead, err = a.retroOrders(ctx, retroWindow{book, from, to}, func(c *pointspb.CreditEvent) error {
		if waiting = append(waiting, c); len(waiting) < previewed {
			return nil
		}
		all := waiting
		waiting = nil
		return p.decide(ctx, all)
	})
	if err == nil {
		err = p.decide(ctx, waiting)
	}
	if err != nil {
		return err
	}
	p.report.finish()
	return showRules(cmd, p.report, p.report.text)
}

// previewReport is what a run would change. Outcomes are of orders.
type previewReport struct {
	Version string    `json:"version"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	retroRead
	Outcomes map[string]int  `json:"outcomes"`
	Members  int             `json:"members"` // whose points would change
	Up       int64           `json:"up"`
	Down     int64           `json:"down"`
	Top      []*memberChange `json:"top"` // those who would gain or lose most
	members  map[string]*memberChange
}

// memberChange is what a member would be given and what would be taken back.
type memberChange struct {
	Member string `json:"member"`
	Up     int64  `json:"up"`
	Down   int64  `json:"down"`
}

// previewTop is how many members a preview names.
const previewTop = 20

func (r *previewReport) count(c *pointspb.CreditEvent, d *ledger.Decision) {
	r.Outcomes[string(d.Outcome)]++
	if d.Outcome != ledger.Applied {
		return
	}
	id, _ := topics.MemberOf(c.Account)
	m := r.members[id]
	if m == nil {
		m = &memberChange{Member: id}
		r.members[id] = m
	}
	for _, e := range d.Entries {
		switch {
		case e.Cause.Run == "": // what the clock had made due
		case e.Kind == pointspb.Kind_GRANTED:
			m.Up += e.Arithmetic.Awarded
		case e.Kind == pointspb.Kind_REVERSED:
			m.Down += e.Arithmetic.Awarded
		}
	}
}

func (r *previewReport) finish() {
	all := slices.Collect(maps.Values(r.members))
	for _, m := range all {
		r.Up, r.Down = r.Up+m.Up, r.Down+m.Down
	}
	r.Members = len(all)
	slices.SortFunc(all, func(x, y *memberChange) int {
		return cmp.Or(cmp.Compare(y.Up+y.Down, x.Up+x.Down), cmp.Compare(x.Member, y.Member))
	})
	r.Top = append([]*memberChange{}, all[:min(previewTop, len(all))]...)
}

func (r *previewReport) text(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer func() { _ = out.Flush() }()
	fmt.Fprintf(out, "version\t%s\nwindow\t%s to %s\norders\t%d\nskipped\t%d\n", r.Version, r.From.Format(time.RFC3339), r.To.Format(time.RFC3339), r.Orders, r.Skipped)
	for _, o := range sortedKeys(r.Outcomes) {
		fmt.Fprintf(out, "  %s\t%d\n", o, r.Outcomes[o])
	}
	fmt.Fprintf(out, "members\t%d\nup\t%+d\ndown\t%+d\n", r.Members, r.Up, -r.Down)
	for _, m := range r.Top {
		fmt.Fprintf(out, "  %s\t%+d\t%+d\n", m.Member, m.Up, -m.Down)
	}
}

func retroListCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "List the retro runs", Args: cobra.NoArgs, SilenceUsage: true,
		RunE: withApp(func(cmd *cobra.Command, a *app, _ []string) error {
			all, err := kafka.ReadRuns(cmd.Context(), a.kafka)
			if err != nil {
				return err
			}
			return showRules(cmd, append([]kafka.Run{}, all...), func(w io.Writer) { listRuns(w, all) })
		}),
	}
	outputFlag(cmd, &format, "text", "json")
	return cmd
}

func listRuns(w io.Writer, all []kafka.Run) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer func() { _ = out.Flush() }()
	for i := range all {
		r := &all[i]
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", r.ID, r.State, r.Version, r.From.UTC().Format(time.RFC3339), r.To.UTC().Format(time.RFC3339))
	}
}
