package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Console is what the console's own pages ask for, beside what members and their points are asked.
type Console struct {
	Rulebooks   Rulebooks
	RuleDesk    RuleDesk
	RuleSchema  []byte // JSON schema of rulebooks
	DeadLetters DeadLetters
	Operations  Operations
	Reports     Reports
}

// Rulebooks are the versions of the rulebook that were published.
type Rulebooks interface {
	// Versions lists them, the earliest first.
	Versions(ctx context.Context) ([]RuleVersion, error)
	// Text is the document of a version as it was published: ErrNotFound.
	Text(ctx context.Context, version string) (string, error)
	// Publish checks a document and publishes it; what stands there already with the same content is left as it is, and
	// fresh is false. RuleFaults says why it is refused.
	Publish(ctx context.Context, yaml string) (v RuleVersion, fresh bool, err error)
}

// RuleDesk says what a rulebook would mean; nothing is published. Documents with faults are RuleFaults.
type RuleDesk interface {
	Lint(yaml string) (RuleVersion, error)
	// Try decides events (CloudEvents in structured JSON: one or an array) by a document alone, each at its own time and
	// for members of whom nothing is known. language is that of the explanations.
	Try(ctx context.Context, yaml string, events []byte, language string) (RuleTrial, error)
	// Compare says what changes from a published version (empty: the one in force) to a document.
	Compare(ctx context.Context, yaml, against string) (RuleComparison, error)
}

// RuleVersion is a version of the rulebook.
type RuleVersion struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	From    time.Time `json:"from" doc:"From when it is in force."`
	State   string    `json:"state" enum:"in_force,coming,past"`
}

// RuleFault is one fault of a document: where (1-based; columns in characters), what, and what was expected there.
type RuleFault struct {
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"`
}

// RuleFaults is why a document is refused, in its order.
type RuleFaults []RuleFault

func (f RuleFaults) Error() string { return fmt.Sprintf("%d faults of a rulebook", len(f)) }

// asFaults finds a rulebook's faults in an error.
func asFaults(err error) (RuleFaults, bool) {
	var f RuleFaults
	ok := errors.As(err, &f)
	return f, ok
}

// fault makes a problem of them, each with its line and column.
func (f RuleFaults) fault() *fault {
	out := &fault{code: codeRulesInvalid}
	for _, x := range f {
		d := Detail{Location: fmt.Sprintf("line %d, column %d", x.Line, x.Column), Message: x.Message}
		if x.Expected != "" {
			d.Message += " (expected " + x.Expected + ")"
		}
		out.details = append(out.details, d)
	}
	return out
}

// RuleTrial is what events would do by a document.
type RuleTrial struct {
	Version string      `json:"version"`
	Steps   []TrialStep `json:"steps" doc:"One for each event, in their order, and what the clock makes due after them."`
}

// TrialStep is one event, or what the clock has made due for a member.
type TrialStep struct {
	Event      string        `json:"event,omitempty" doc:"Its id; absent for the clock's own work."`
	Type       string        `json:"type,omitempty"`
	Member     string        `json:"member,omitempty"`
	At         time.Time     `json:"at" doc:"When it is decided."`
	Outcome    string        `json:"outcome" doc:"applied, duplicate, dead_letter, …"`
	DeadLetter *TrialLetter  `json:"dead_letter,omitempty"`
	Entries    []TrialEntry  `json:"entries"`
	Before     *TrialBalance `json:"before,omitempty"`
	After      *TrialBalance `json:"after,omitempty"`
}

// TrialLetter is why an event would be given up.
type TrialLetter struct {
	Topic   string `json:"topic"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// TrialEntry is one entry that the ledger would get.
type TrialEntry struct {
	Account string `json:"account"`
	Kind    string `json:"kind"`
	Rule    string `json:"rule,omitempty"`
	Points  int64  `json:"points" doc:"By which it changes what the member has."`
	Why     string `json:"why" doc:"The arithmetic in words, in the language asked for."`
}

// TrialBalance is what a member has; points.
type TrialBalance struct {
	Available int64  `json:"available"`
	Pending   int64  `json:"pending"`
	Frozen    int64  `json:"frozen"`
	Debt      int64  `json:"debt"`
	Tier      string `json:"tier"`
}

// RuleComparison is what changes from one version to a document.
type RuleComparison struct {
	Against string       `json:"against" doc:"The version that it was compared with; empty if there is none."`
	Changes []RuleChange `json:"changes"`
}

// RuleChange is one thing that is not the same: the book itself (no id), a tier, a rule, a campaign, a milestone or an abuse rule.
type RuleChange struct {
	Change string       `json:"change" enum:"added,removed,changed"`
	Thing  string       `json:"thing"`
	ID     string       `json:"id,omitempty"`
	Fields []RuleFields `json:"fields"`
}

// RuleFields is a property that differs, in words.
type RuleFields struct {
	Field string `json:"field"`
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
}

const rulesTag = "rules"

type (
	rulesOutput struct {
		Body struct {
			Versions []RuleVersion `json:"versions" doc:"The latest first."`
		}
	}
	ruleInput struct {
		Version string `path:"version" minLength:"1" maxLength:"128"`
	}
	ruleOutput struct {
		Body struct {
			Version string `json:"version"`
			YAML    string `json:"yaml" doc:"As it was published."`
		}
	}
	yamlInput struct {
		Body struct {
			YAML string `json:"yaml" minLength:"1" doc:"A rulebook."`
		}
	}
	lintOutput struct {
		Body struct {
			Name    string      `json:"name,omitempty" doc:"Absent when there are faults."`
			Version string      `json:"version,omitempty"`
			From    *time.Time  `json:"from,omitempty"`
			Faults  []RuleFault `json:"faults"`
		}
	}
	trialInput struct {
		Body struct {
			YAML  string          `json:"yaml" minLength:"1" doc:"A rulebook."`
			Event json.RawMessage `json:"event" doc:"A CloudEvent in structured JSON, or an array of them."`
		}
	}
	trialOutput struct{ Body RuleTrial }
	diffInput   struct {
		Body struct {
			YAML    string `json:"yaml" minLength:"1" doc:"A rulebook."`
			Against string `json:"against,omitempty" maxLength:"128" doc:"A published version; default: the one in force."`
		}
	}
	diffOutput   struct{ Body RuleComparison }
	publishInput struct {
		Body struct {
			YAML string `json:"yaml" minLength:"1" doc:"A rulebook."`
			Why  string `json:"why,omitempty" maxLength:"200" doc:"A reference, such as a ticket; no personal data."`
		}
	}
	publishOutput struct {
		Status int
		Body   RuleVersion
	}
	schemaOutput struct {
		Body json.RawMessage
	}
)

// ruleRoutes are those of the rulebook: everybody of the staff who sees members or decides about rules may read it,
// marketing writes it.
func (a *API) ruleRoutes() {
	read := []Role{RoleMarketing, RoleMerchant, RoleSupport, RoleApprover, RoleOperator, RoleAuditor}
	op := func(id, method, path, summary string, roles []Role, codes ...string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{rulesTag},
			Metadata: access(roles...), Responses: a.problems(append(codes, codeForbidden)...),
		}
	}
	sent := []string{codeInvalid, codeBadRequest, codeTooLarge, codeMediaType}
	register(a, op("rules", http.MethodGet, "/v1/rules", "The published versions of the rulebook (staff)", read), a.ruleVersions)
	register(a, op("rule-schema", http.MethodGet, "/v1/rules/schema", "The JSON schema of rulebooks, for editors (staff)", read),
		func(context.Context, *struct{}) (*schemaOutput, error) {
			return &schemaOutput{Body: a.console.RuleSchema}, nil
		})
	register(a, op("rule-version", http.MethodGet, "/v1/rules/{version}", "A published version (staff)", read, codeNotFound, codeInvalid),
		func(ctx context.Context, in *ruleInput) (*ruleOutput, error) {
			text, err := a.console.Rulebooks.Text(ctx, in.Version)
			out := &ruleOutput{}
			out.Body.Version, out.Body.YAML = in.Version, text
			return out, err
		})
	marketing := []Role{RoleMarketing}
	try := func(id, path, summary string, codes ...string) huma.Operation {
		o := op(id, http.MethodPost, path, summary, marketing, codes...)
		o.Metadata = harmless(o.Metadata)
		return o
	}
	register(a, try("lint-rules", "/v1/rules/lint", "Check a rulebook; every fault with its line and column (marketing)", sent...), a.lintRules)
	register(a, try("test-rules", "/v1/rules/test", "Say what events would do by a rulebook, without effect (marketing)", append(sent, codeRulesInvalid, codeEventRefused)...),
		func(ctx context.Context, in *trialInput) (*trialOutput, error) {
			t, err := a.console.RuleDesk.Try(ctx, in.Body.YAML, in.Body.Event, string(languageIn(ctx)))
			return &trialOutput{t}, err
		})
	register(a, try("diff-rules", "/v1/rules/diff", "Say what changes by a rulebook (marketing)", append(sent, codeRulesInvalid)...),
		func(ctx context.Context, in *diffInput) (*diffOutput, error) {
			c, err := a.console.RuleDesk.Compare(ctx, in.Body.YAML, in.Body.Against)
			if errors.Is(err, ErrNotFound) {
				err = invalid(codeInvalid, "body.against")
			}
			return &diffOutput{c}, err
		})
	publish := op("publish-rules", http.MethodPost, "/v1/rules/publish", "Publish a version of the rulebook (marketing)", marketing, append(sent, codeRulesInvalid)...)
	publish.DefaultStatus = http.StatusCreated
	register(a, publish, a.publishRules)
	a.orElse(publish, http.StatusOK, "It was published before.")
}

func (a *API) ruleVersions(ctx context.Context, _ *struct{}) (*rulesOutput, error) {
	all, err := a.console.Rulebooks.Versions(ctx)
	out := &rulesOutput{}
	out.Body.Versions = []RuleVersion{}
	for i := len(all) - 1; i >= 0; i-- {
		out.Body.Versions = append(out.Body.Versions, all[i])
	}
	return out, err
}

func (a *API) lintRules(_ context.Context, in *yamlInput) (*lintOutput, error) {
	out := &lintOutput{}
	out.Body.Faults = []RuleFault{}
	v, err := a.console.RuleDesk.Lint(in.Body.YAML)
	if faults, ok := asFaults(err); ok {
		out.Body.Faults = faults
		return out, nil
	}
	out.Body.Name, out.Body.Version, out.Body.From = v.Name, v.Version, &v.From
	return out, err
}

// publishRules publishes; the same content again is 200.
func (a *API) publishRules(ctx context.Context, in *publishInput) (*publishOutput, error) {
	v, fresh, err := a.console.Rulebooks.Publish(ctx, in.Body.YAML)
	if err != nil {
		return nil, err
	}
	note(ctx, nil, v)
	status := http.StatusOK
	if fresh {
		status = http.StatusCreated
	}
	return &publishOutput{Status: status, Body: v}, nil
}
