package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Errors of the port of codes.
var (
	ErrNotCodes     = errors.New("the item is not given by codes")
	ErrOtherContent = errors.New("the same key was used with other content")
	ErrNoVault      = errors.New("nothing can be sealed: vault.keys is not set")
	ErrTooLarge     = errors.New("more than one request carries")
)

// Codes are the pools of items, and what members got of them.
type Codes interface {
	// LoadCodes puts the codes of a file into a pool, all or none. Errors: ErrNotFound, ErrNotCodes, CodeFaults,
	// ErrOtherContent, ErrTooLarge, ErrNoVault, ErrUnavailable.
	LoadCodes(ctx context.Context, u CodesUpload) (CodePool, error)
	// Pool counts the codes of an item. Errors: ErrNotFound, ErrNotCodes, ErrUnavailable.
	Pool(ctx context.Context, item string) (CodePool, error)
	// CodesOf are those of a redemption, in the order of its parts. Errors: ErrNotFound, ErrNoVault, ErrUnavailable, MergedError, ErrErased.
	CodesOf(ctx context.Context, member, redemption string) ([]RedeemedCode, error)
}

// CodesUpload is a file of codes; ID names it, whoever repeats it.
type CodesUpload struct {
	Item, ID, Actor string
	File            []byte
}

// CodePool counts the codes of an item.
type CodePool struct {
	Loaded int64 `json:"loaded" doc:"In all; after an upload: by it."`
	Left   int64 `json:"left" doc:"That can be redeemed now."`
	Taken  int64 `json:"taken" doc:"By redemptions."`
	Low    int64 `json:"low" doc:"Whoever keeps the pool is told when fewer are left; 0: nobody is."`
}

// RedeemedCode is a code that a member has; zero ExpiresAt: it is good for ever.
type RedeemedCode struct {
	Item, Code string
	ExpiresAt  time.Time
	Replaced   bool // another one was given in its place
}

// CodeFaults are the lines of a file that cannot be loaded, in their order.
type CodeFaults []CodeFault

// CodeFault is one of them; Of is the earlier line of a duplicate.
type CodeFault struct {
	Line    int
	Problem string // bad_line | bad_code | bad_expiry | expired | duplicate | in_pool | too_many | empty
	Of      int
}

func (f CodeFaults) Error() string { return fmt.Sprintf("%d lines of codes cannot be loaded", len(f)) }

// fault makes a problem of them in a language: the line, and what is wrong with it. The code itself is never told.
func (f CodeFaults) fault(l lang) *fault {
	out := &fault{code: codeCodesInvalid}
	for _, x := range f {
		out.details = append(out.details, Detail{Location: fmt.Sprint("line ", x.Line), Message: x.words(l)})
	}
	return out
}

func (x CodeFault) words(l lang) string {
	switch x.Problem {
	case "bad_code":
		return l.pick("兑换码应为 1–256 个可见字符", "a code has 1 to 256 printable characters")
	case "bad_expiry":
		return l.pick("有效期应为日期（如 2026-12-31）或 RFC 3339 时间", "the expiry is a date such as 2026-12-31, or an instant in RFC 3339")
	case "expired":
		return l.pick("已过有效期", "has expired")
	case "duplicate":
		return fmt.Sprintf(l.pick("与第 %d 行重复", "repeats the code of line %d"), x.Of)
	case "in_pool":
		return l.pick("该兑换码此前已导入", "the code was loaded before")
	case "too_many":
		return l.pick("一个文件最多 20000 个兑换码", "a file has at most 20,000 codes")
	case "empty":
		return l.pick("文件中没有兑换码", "the file has no codes")
	}
	return l.pick("应为一列或两列的 CSV", "is no CSV of one or two columns")
}

const (
	codesPath     = "/v1/items/{id}/codes"
	codesBytesMax = 1 << 20
)

type (
	codesUploadInput struct {
		ID      string `path:"id" minLength:"1" maxLength:"128"`
		Key     string `header:"Idempotency-Key" doc:"Made and kept by the client: the same key with the same codes loads nothing twice. 1 to 255 printable ASCII characters."`
		RawBody []byte `contentType:"text/csv" doc:"A code a line; an optional second column says until when it is good: its last day, such as 2026-12-31, or an instant in RFC 3339. At most 1 MiB and 20,000 codes."`
	}
	codesUploadOutput struct {
		Body struct {
			Loaded int64 `json:"loaded" doc:"Codes of this upload."`
			Left   int64 `json:"left" doc:"Codes that can be redeemed now."`
		}
	}
	poolInput struct {
		ID string `path:"id" minLength:"1" maxLength:"128"`
	}
	poolOutput struct{ Body CodePool }

	codesOfInput struct {
		ID string `path:"id" minLength:"1" maxLength:"128"`
	}
	codesOfOutput struct {
		CacheControl string `header:"Cache-Control"`
		Body         struct {
			Codes []CodeBody `json:"codes" nullable:"false"`
		}
	}
)

// CodeBody is a code that its owner may read.
type CodeBody struct {
	Item    string     `json:"item"`
	Code    string     `json:"code"`
	Expires *time.Time `json:"expires,omitempty" doc:"From then on it is not good any more."`

	Replaced bool `json:"replaced,omitempty" doc:"It did not work, and another one was given in its place."`
}

func (a *API) codeRoutes() {
	load := huma.Operation{
		OperationID: "load-codes", Method: http.MethodPost, Path: codesPath, Summary: "Load codes into an item's pool, all of a file or none (merchant)",
		Tags: []string{"items"}, DefaultStatus: http.StatusCreated, Metadata: recorded(access(RoleMerchant)), Middlewares: huma.Middlewares{requireKey},
		Responses: a.problems(codeBadRequest, codeKeyMissing, codeForbidden, codeNotFound, codeTooLarge, codeInvalid, codeConflict, codeCodesInvalid, codeNotCodes, codeNoVault),
	}
	register(a, load, a.loadCodes)
	register(a, huma.Operation{
		OperationID: "codes", Method: http.MethodGet, Path: codesPath, Summary: "How many codes an item has (merchant)", Tags: []string{"items"},
		Metadata: access(RoleMerchant), Responses: a.problems(codeForbidden, codeNotFound, codeInvalid, codeNotCodes),
	}, func(ctx context.Context, in *poolInput) (*poolOutput, error) {
		p, err := a.codes.Pool(ctx, in.ID)
		return &poolOutput{Body: p}, a.codesFault(ctx, err)
	})
	register(a, huma.Operation{
		OperationID: "redemption-codes", Method: http.MethodGet, Path: "/v1/redemptions/{id}/codes", Summary: "The codes of a redemption (its owner alone)",
		Tags: []string{"redemptions"}, Metadata: access(RoleMember), Responses: a.problems(codeForbidden, codeNotFound, codeInvalid, codeMerged, codeErased, codeNoVault),
	}, a.codesOf)
}

func (a *API) loadCodes(ctx context.Context, in *codesUploadInput) (*codesUploadOutput, error) {
	who := caller(ctx).ID
	p, err := a.codes.LoadCodes(ctx, CodesUpload{Item: in.ID, ID: uploadID(in.ID, in.Key), Actor: who, File: in.RawBody})
	if err != nil {
		return nil, a.codesFault(ctx, err)
	}
	out := &codesUploadOutput{}
	out.Body.Loaded, out.Body.Left = p.Loaded, p.Left
	return out, nil
}

// codesOf answers the member who redeemed; to anybody else there is no such redemption.
func (a *API) codesOf(ctx context.Context, in *codesOfInput) (*codesOfOutput, error) {
	all, err := a.codes.CodesOf(ctx, caller(ctx).ID, in.ID)
	if err != nil {
		return nil, a.codesFault(ctx, err)
	}
	out := &codesOfOutput{CacheControl: "no-store"}
	out.Body.Codes = []CodeBody{}
	for _, c := range all {
		b := CodeBody{Item: c.Item, Code: c.Code, Replaced: c.Replaced}
		if !c.ExpiresAt.IsZero() {
			at := c.ExpiresAt.UTC()
			b.Expires = &at
		}
		out.Body.Codes = append(out.Body.Codes, b)
	}
	return out, nil
}

// codesFault names the errors of the port; others are as they are.
func (a *API) codesFault(ctx context.Context, err error) error {
	var faults CodeFaults
	switch {
	case errors.As(err, &faults):
		return faults.fault(languageIn(ctx))
	case errors.Is(err, ErrNotCodes):
		return refuse(codeNotCodes)
	case errors.Is(err, ErrOtherContent):
		return refuse(codeConflict)
	case errors.Is(err, ErrTooLarge):
		return refuse(codeTooLarge)
	case errors.Is(err, ErrNoVault):
		return refuse(codeNoVault)
	}
	return err
}

// uploadID is the id of an upload: the item's and the key's, so that keys of two items never meet.
func uploadID(item, key string) string {
	sum := sha256.Sum256([]byte(item + "\x1f" + key))
	return "codes-" + hex.EncodeToString(sum[:16])
}
