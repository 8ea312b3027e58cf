package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"jifen/topics"
)

// ShareBody is a share of a product: what is put into the link.
type ShareBody struct {
	Token string `json:"token" doc:"Says who shared what, signed. It goes into shop.share.created.v1, shop.share.clicked.v1 and, as referral, into the order of whoever buys through the link."`
}

// shareRequest is what a member shares, and where.
type shareRequest struct {
	Product  string `json:"product" minLength:"1" maxLength:"128"`
	Platform string `json:"platform" minLength:"1" maxLength:"128" doc:"The social platform, as shop.share.created.v1 names it."`
}

type (
	shareInput  struct{ Body shareRequest }
	shareOutput struct{ Body ShareBody }
)

func (a *API) shareRoutes() {
	register(a, huma.Operation{
		OperationID: "share", Method: http.MethodPost, Path: "/v1/shares", Summary: "Share a product", Tags: []string{"shares"}, DefaultStatus: http.StatusCreated,
		Metadata:  access(RoleMember),
		Responses: a.problems(codeBadRequest, codeForbidden, codeTooLarge, codeMediaType, codeInvalid, codeNotSupported),
	}, a.share)
}

// share signs a token. It earns nothing by itself: the shop tells of the share when it has happened.
func (a *API) share(ctx context.Context, in *shareInput) (*shareOutput, error) {
	if len(a.shares) == 0 {
		return nil, refuse(codeNotSupported)
	}
	for location, v := range map[string]string{"body.product": in.Body.Product, "body.platform": in.Body.Platform} {
		if !topics.IsID(v) {
			return nil, invalid(codeInvalid, location)
		}
	}
	token, err := a.shares.Sign(topics.Share{Sharer: caller(ctx).ID, Product: in.Body.Product, IssuedAt: a.clock()})
	return &shareOutput{Body: ShareBody{Token: token}}, err
}
