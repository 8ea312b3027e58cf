package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// TestWhatSaysNothingOfItsRolesIsRefused: deny by default, for operations and for routes beside them.
func TestWhatSaysNothingOfItsRolesIsRefused(t *testing.T) {
	a := serve(t).api
	handle := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	for path, metadata := range map[string]map[string]any{
		"/v1/silent": nil, "/v1/nobody": access(), "/v1/unknown": access("root"), "/v1/both": access(anyone, RoleMember),
	} {
		a.faults = nil
		register(a, huma.Operation{OperationID: path, Method: http.MethodGet, Path: path, Metadata: metadata}, handle)
		if err := a.undeclared(nil); err == nil || !strings.Contains(err.Error(), "GET "+path+":") || a.huma.OpenAPI().Paths[path] != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	a.faults = nil
	for route, refused := range map[string]bool{"GET /openapi.json": false, "POST /openapi.json": true, "GET /v1/items/:id": false, "DELETE /v1/items/:id": true, "GET /debug": true} {
		method, path, _ := strings.Cut(route, " ")
		if err := a.undeclared(gin.RoutesInfo{{Method: method, Path: path}}); (err != nil) != refused {
			t.Errorf("%s: %v", route, err)
		}
	}
}
