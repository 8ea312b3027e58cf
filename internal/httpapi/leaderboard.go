package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Leaderboards ranks members by what they earned in a calendar period (D12).
type Leaderboards interface {
	// Leaderboard reads the first of a period, and where member stands; ErrNotFound where nothing is ranked.
	Leaderboard(ctx context.Context, period int32, top int, member string) (Leaderboard, error)
	// ShowMember asks that a member is or is not on leaderboards, and says whether that is decided.
	ShowMember(ctx context.Context, member string, visible bool) (decided bool, err error)
}

// Leaderboard are the first of a period, the highest points first, and one member.
type Leaderboard struct {
	Ranks   []Rank
	Own     Rank // no points: the member is not on it
	Visible bool // the member has not opted out
	AsOf    time.Time
}

// Rank is a member's place; those with the same points share it.
type Rank struct {
	Rank   int64
	Member string
	Points int64
}

// RankBody is a place.
type RankBody struct {
	Rank   int64  `json:"rank" doc:"Members with the same points share a rank."`
	Member string `json:"member" doc:"First and last character of the member id."`
	Points int64  `json:"points"`
	Me     bool   `json:"me,omitempty"`
}

// OwnRankBody is where the caller stands.
type OwnRankBody struct {
	Rank    int64 `json:"rank,omitempty" doc:"Absent: not on the leaderboard."`
	Points  int64 `json:"points"`
	Visible bool  `json:"visible" doc:"False: the member has opted out."`
}

// LeaderboardBody is a period's leaderboard.
type LeaderboardBody struct {
	Period  string       `json:"period"`
	AsOf    time.Time    `json:"as_of"`
	Entries []RankBody   `json:"entries"`
	Me      *OwnRankBody `json:"me,omitempty" doc:"For members."`
}

// VisibleBody says whether a member wants to be on leaderboards.
type VisibleBody struct {
	Visible bool `json:"visible"`
}

type (
	leaderboardInput struct {
		Period string `query:"period" required:"true" pattern:"^[1-9][0-9]{3}(-(0[1-9]|1[0-2]))?$" doc:"A month such as 2026-05, or a year such as 2026, of the program's time zone."`
		Top    int    `query:"top" minimum:"1" maximum:"200" default:"50"`
	}
	leaderboardOutput struct{ Body LeaderboardBody }
	visibleInput      struct{ Body VisibleBody }
	visibleOutput     struct {
		Status int
		Body   VisibleBody
	}
)

func (a *API) leaderboardRoutes() {
	register(a, huma.Operation{
		OperationID: "leaderboard", Method: http.MethodGet, Path: "/v1/leaderboard", Tags: []string{"leaderboard"},
		Summary: "Who earned most in a month or year", Metadata: access(append(staff(), RoleMember)...),
		Responses: a.problems(codeForbidden, codeNotFound, codeInvalid, codeErased),
	}, a.leaderboard)
	show := huma.Operation{
		OperationID: "show-me", DefaultStatus: http.StatusOK, Method: http.MethodPost, Path: "/v1/me/leaderboard", Tags: []string{"leaderboard"},
		Summary: "Be on leaderboards, or not", Metadata: access(RoleMember),
		Description: "200: it is so; 202: it will be so shortly.",
		Responses:   a.problems(codeBadRequest, codeForbidden, codeTooLarge, codeMediaType, codeInvalid, codeMerged, codeErased),
	}
	register(a, show, func(ctx context.Context, in *visibleInput) (*visibleOutput, error) {
		decided, err := a.boards.ShowMember(ctx, caller(ctx).ID, in.Body.Visible)
		out := &visibleOutput{http.StatusOK, in.Body}
		if !decided {
			out.Status = http.StatusAccepted
		}
		return out, err
	})
	a.orElse(show, http.StatusAccepted, "It will be so shortly.")
}

func (a *API) leaderboard(ctx context.Context, in *leaderboardInput) (*leaderboardOutput, error) {
	who := caller(ctx)
	member := ""
	if who.hasAny(RoleMember) {
		member = who.ID
	}
	l, err := a.boards.Leaderboard(ctx, periodOf(in.Period), in.Top, member)
	if err != nil {
		return nil, err
	}
	body := LeaderboardBody{Period: in.Period, AsOf: l.AsOf.UTC(), Entries: []RankBody{}}
	for _, r := range l.Ranks {
		body.Entries = append(body.Entries, RankBody{r.Rank, masked(r.Member), r.Points, member != "" && r.Member == member})
	}
	if member != "" {
		body.Me = &OwnRankBody{l.Own.Rank, l.Own.Points, l.Visible}
	}
	return &leaderboardOutput{body}, nil
}

// periodOf reads 2026-05 as 202605 and 2026 as 2026; the pattern of the input holds.
func periodOf(text string) int32 {
	year, _ := strconv.Atoi(text[:4])
	if len(text) == 4 {
		return int32(year)
	}
	month, _ := strconv.Atoi(text[5:])
	return int32(year*100 + month)
}

// masked shows the first and the last character of an id, and of a short one only the first.
func masked(id string) string {
	all := []rune(id)
	if len(all) < 3 {
		return string(all[:1]) + "***"
	}
	return string(all[0]) + "***" + string(all[len(all)-1])
}
