package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"testing"
)

// ops is a pipeline whose audits never end.
type ops struct{ audits int }

func (o *ops) Operations(context.Context) (OperationsBody, error) {
	return OperationsBody{Stages: []StageLag{{Name: "jifen.credits", Lag: 3}}, Shards: []ShardState{{Shard: 0, Seq: 7, Fresh: true}}, RedisFresh: true}, nil
}

func (o *ops) StartAudit(context.Context) (AuditRunBody, bool, error) {
	o.audits++
	return AuditRunBody{State: "running", StartedAt: programNow, Found: []string{}}, o.audits == 1, nil
}

func TestOperationsAreForOperatorsAndAuditors(t *testing.T) {
	s := serve(t)
	for _, role := range []Role{RoleMember, RoleStaff, RoleSupport, RoleMerchant, RoleMarketing, RoleApprover, RoleService} {
		s.get("/v1/operations", s.token("x", role)).expect(t, 403, "forbidden")
		s.send(http.MethodPost, "/v1/operations/audit", s.token("x", role), "").expect(t, 403, "forbidden")
	}
	got := s.get("/v1/operations", s.token("op", RoleAuditor)).expect(t, 200, "").json(t)
	if fmt.Sprint(got["stages"]) != "[map[lag:3 name:jifen.credits]]" || got["audit"] != nil {
		t.Errorf("operations %v", got)
	}
	s.send(http.MethodPost, "/v1/operations/audit", s.token("op", RoleOperator), "").expect(t, 202, "")
	s.send(http.MethodPost, "/v1/operations/audit", s.token("op", RoleOperator), "").expect(t, 200, "")
}
