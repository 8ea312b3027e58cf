package orderimport

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"jifen/topics"
)

// Options are a run's inputs and outputs.
type Options struct {
	CSV io.Reader // the file as it lies there; gzip is recognised
	Map Map       // from ParseMap
	// Backfill is the run's name; empty: made from the file's SHA-256, so that the same file has the same name.
	Backfill string
	// Emit takes the events in time order; it may keep the events, but not the slice.
	Emit func([]topics.Event) error
	// Rejects, if not nil, gets a CSV of the rows that cannot be used: line, reason, message, row. Nothing is
	// written to it where every row can be used.
	Rejects io.Writer
	// Progress, if not nil, is told where the run stands.
	Progress func(Progress)
}

// Progress is where a run stands.
type Progress struct {
	Phase Phase
	Done  int64 // bytes of the file as it lies there, or orders
	Total int64 // 0: not known
}

// Phase is what a run is doing.
type Phase string

// The phases of a run.
const (
	Reading Phase = "reading"
	Sending Phase = "sending"
)

// Summary counts what became of the file's rows.
type Summary struct {
	Backfill                 string         `json:"backfill"`
	Rows                     int            `json:"rows"`
	Events                   int            `json:"events"`
	OrdersPaid               int            `json:"orders_paid"` // with a member and an amount above 0
	MembersWithOrders        int            `json:"members_with_orders"`
	Lines                    int            `json:"lines"` // of the orders paid
	OrdersWithoutMember      int            `json:"orders_without_member"`
	RefundOrders             int            `json:"refund_orders"`
	RefundLinesMatched       int            `json:"refund_lines_matched"`
	RefundLinesUnmatched     int            `json:"refund_lines_unmatched"`      // with a member; not or not wholly matched
	RefundLinesPartlyMatched int            `json:"refund_lines_partly_matched"` // of the unmatched
	RefundLinesWithoutMember int            `json:"refund_lines_without_member"`
	LinesLeftOut             int            `json:"lines_left_out"`  // quantity or price not above 0
	AmountsRounded           int            `json:"amounts_rounded"` // finer than the minor unit
	RejectedRows             int            `json:"rejected_rows"`
	Rejected                 map[string]int `json:"rejected"` // by reason
}

const (
	batchEvents   = 1000
	rowsPerReport = 4096
)

// Run reads the whole file, then emits its events in time order. The same file gives the same events.
func Run(ctx context.Context, opt Options) (Summary, error) {
	summary := Summary{Rejected: map[string]int{}}
	src, err := newSource(opt.CSV, opt.Map.File)
	if err != nil {
		return summary, err
	}
	b := newBook(&opt.Map)
	in := intake{opt: &opt, src: src, book: b, summary: &summary}
	if err := in.read(ctx); err != nil {
		return summary, err
	}
	summary.Backfill = opt.Backfill
	if summary.Backfill == "" {
		digest, err := src.raw.digest()
		if err != nil {
			return summary, err
		}
		summary.Backfill = "import-" + digest[:16]
	}
	return summary, send(ctx, &opt, b, &summary)
}

func send(ctx context.Context, opt *Options, b *book, summary *Summary) error {
	b.inTime()
	w := writer{
		m: &opt.Map, names: b.names, shelf: newShelf(b), backfill: summary.Backfill, summary: summary,
		members: map[uint32]struct{}{},
	}
	for i, o := range b.list {
		if o.refund {
			w.refund(o)
		} else {
			w.sale(o)
		}
		if len(w.events) < batchEvents && i < len(b.list)-1 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("sending: %w", err)
		}
		if err := opt.Emit(w.events); err != nil {
			return fmt.Errorf("sending: %w", err)
		}
		summary.Events += len(w.events)
		w.events = w.events[:0]
		if opt.Progress != nil {
			opt.Progress(Progress{Phase: Sending, Done: int64(i + 1), Total: int64(len(b.list))})
		}
	}
	summary.MembersWithOrders = len(w.members)
	return nil
}

// intake reads rows into the book.
type intake struct {
	opt     *Options
	src     *source
	book    *book
	summary *Summary
	rejects *csv.Writer
}

func (in *intake) read(ctx context.Context) error {
	parser, err := in.parser()
	if err != nil {
		return err
	}
	if in.opt.Rejects != nil {
		in.rejects = csv.NewWriter(in.opt.Rejects)
	}
	var row parsedRow
	for {
		fields, line, err := in.src.rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err := in.row(parser, &row, rowInput{fields, line, err}); err != nil {
			return err
		}
		if in.summary.Rows%rowsPerReport == 0 {
			if err := in.report(ctx); err != nil {
				return err
			}
		}
	}
	return in.report(ctx)
}

type rowInput struct {
	fields []string
	line   int
	err    error
}

func (in *intake) row(parser *rowParser, row *parsedRow, input rowInput) error {
	var bad *rowError
	var why *refusal
	switch {
	case errors.As(input.err, &bad):
		why = &refusal{rejectCSV, bad.Error()}
	case input.err != nil:
		return fmt.Errorf("reading row %d: %w", in.summary.Rows+1, input.err)
	default:
		if why = parser.parse(input.fields, input.line, row); why == nil {
			why = in.book.add(row, in.summary)
		}
	}
	in.summary.Rows++
	if why != nil {
		in.refuse(input, why)
	}
	return nil
}

func (in *intake) refuse(input rowInput, why *refusal) {
	in.summary.RejectedRows++
	in.summary.Rejected[why.reason]++
	if in.rejects == nil {
		return
	}
	if in.summary.RejectedRows == 1 {
		_ = in.rejects.Write([]string{"line", "reason", "message", "row"}) // Flush tells of errors
	}
	_ = in.rejects.Write([]string{strconv.Itoa(input.line), why.reason, why.message, strings.Join(input.fields, "|")})
}

// parser takes the header off the file, if it has one.
func (in *intake) parser() (*rowParser, error) {
	if !in.opt.Map.header() {
		return newRowParser(&in.opt.Map, nil)
	}
	header, _, err := in.src.rows.next()
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	return newRowParser(&in.opt.Map, append([]string(nil), header...))
}

func (in *intake) report(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	if in.rejects != nil {
		in.rejects.Flush()
		if err := in.rejects.Error(); err != nil {
			return fmt.Errorf("writing the reject file: %w", err)
		}
	}
	if in.opt.Progress != nil {
		in.opt.Progress(Progress{Phase: Reading, Done: in.src.raw.read})
	}
	return nil
}
