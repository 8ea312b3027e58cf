package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"jifen/topics"
)

// ErrChanged is the answer of a port that was to change something that is no longer as the caller saw it.
var ErrChanged = errors.New("it was changed meanwhile")

// Settings reads and sets what the retailer says of itself (R63).
type Settings interface {
	Settings(ctx context.Context) (topics.SettingsVersion, error)
	// SetSettings changes those of a revision, or fails with ErrChanged. They were checked.
	SetSettings(ctx context.Context, revision int64, actor string, next topics.Settings) (topics.SettingsVersion, error)
}

type (
	retailerOutput struct {
		CacheControl string `header:"Cache-Control"`
		Body         topics.Settings
	}
	settingsOutput struct {
		ETag string `header:"ETag"`
		Body topics.Settings
	}
	settingsInput struct {
		Match string `header:"If-Match" doc:"The ETag of what is changed."`
		Body  topics.Settings
	}
)

const (
	retailerPath  = "/v1/retailer"
	retailerCache = "public, max-age=60"
)

func (a *API) settingsRoutes() {
	register(a, huma.Operation{
		OperationID: "retailer", Method: http.MethodGet, Path: retailerPath, Summary: "Name, colours, contact and stores of the retailer (no token)", Tags: []string{"settings"},
		Metadata: access(anyone), Responses: a.problems(),
	}, func(ctx context.Context, _ *struct{}) (*retailerOutput, error) {
		v, err := a.settings.Settings(ctx)
		return &retailerOutput{CacheControl: retailerCache, Body: v.Settings}, err
	})
	editors := []Role{RoleOperator, RoleMarketing}
	register(a, huma.Operation{
		OperationID: "settings", Method: http.MethodGet, Path: "/v1/settings", Summary: "The retailer's settings (operator, marketing)", Tags: []string{"settings"},
		Metadata: access(editors...), Responses: a.problems(),
	}, func(ctx context.Context, _ *struct{}) (*settingsOutput, error) {
		v, err := a.settings.Settings(ctx)
		return settingsOf(v), err
	})
	register(a, huma.Operation{
		OperationID: "set-settings", Method: http.MethodPut, Path: "/v1/settings", Summary: "Set the retailer's settings (operator, marketing)", Tags: []string{"settings"},
		Metadata:  recorded(access(editors...)),
		Responses: a.problems(codeBadRequest, codeTooLarge, codeMediaType, codeInvalid, codePreconditionMissing, codePreconditionFailed),
	}, a.setSettings)
}

func settingsOf(v topics.SettingsVersion) *settingsOutput {
	return &settingsOutput{ETag: strconv.Quote(strconv.FormatInt(v.Revision, 10)), Body: v.Settings}
}

func (a *API) setSettings(ctx context.Context, in *settingsInput) (*settingsOutput, error) {
	if in.Match == "" {
		return nil, invalid(codePreconditionMissing, "header.If-Match")
	}
	revision, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(in.Match, `"`), `"`), 10, 64)
	if err != nil || revision < 0 {
		return nil, invalid(codePreconditionFailed, "header.If-Match")
	}
	if faults := in.Body.Faults(); len(faults) > 0 {
		f := &fault{code: codeInvalid}
		for _, x := range faults {
			f.details = append(f.details, Detail{Location: "body." + x.At, Message: x.Message + " (expected " + x.Expected + ")"})
		}
		return nil, f
	}
	v, err := a.settings.SetSettings(ctx, revision, caller(ctx).ID, in.Body)
	if errors.Is(err, ErrChanged) {
		return nil, invalid(codePreconditionFailed, "header.If-Match")
	}
	return settingsOf(v), err
}
