package httpapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/goccy/go-yaml"
	"github.com/swaggest/swgui/v5emb"

	"jifen/topics"
)

func humaConfig(version string) huma.Config {
	c := huma.DefaultConfig("Jifen", version)
	c.Info.Description = "Points of a retailer's members: balances, history, items and redemptions. Errors are application/problem+json (RFC 9457) with a stable code."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil // served by documentation; huma's page loads a CDN
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{transform}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer":  {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "A token of the shop's, or a service's key (jk_…)."},
		"session": {Type: "apiKey", In: "cookie", Name: hostPrefix + sessionCookie, Description: "The console's session, from " + loginPath + "."},
	}
	c.Security = []map[string][]string{{"bearer": {}}, {"session": {}}}
	return c
}

// documentation serves the OpenAPI document, made once, the AsyncAPI document of the topics, and Swagger UI from our own binary.
func (a *API) documentation(engine *gin.Engine) error {
	spec := a.huma.OpenAPI()
	delete(spec.Components.Schemas.Map(), "ErrorModel") // huma's; ours is Problem
	asJSON, err := json.Marshal(spec)
	if err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	asYAML, err := spec.YAML()
	if err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	engine.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/openapi+json", asJSON) })
	engine.GET("/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/openapi+yaml", asYAML) })
	events := sync.OnceValues(func() ([]byte, error) { return yaml.YAMLToJSON(topics.AsyncAPI) })
	engine.GET("/asyncapi.json", func(c *gin.Context) {
		text, err := events()
		if err != nil {
			writeFault(c, a.faultOf(c, fmt.Errorf("asyncapi: %w", err)))
			return
		}
		c.Data(http.StatusOK, "application/vnd.aai.asyncapi+json", text)
	})
	engine.GET("/asyncapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/vnd.aai.asyncapi+yaml", topics.AsyncAPI) })
	assets := gin.WrapH(v5emb.New(spec.Info.Title, "/openapi.json", docsPath))
	engine.GET(docsPath, swaggerPage)
	engine.GET(docsPath+"/*file", func(c *gin.Context) {
		switch c.Param("file") {
		case "/":
			swaggerPage(c)
		case "/start.js":
			c.Data(http.StatusOK, "text/javascript; charset=utf-8", swaggerStart)
		default:
			assets(c)
		}
	})
	return nil
}

// The page of Swagger UI is ours, for the library's has scripts in it.
var (
	//go:embed swagger/index.html
	swaggerIndex []byte
	//go:embed swagger/start.js
	swaggerStart []byte
)

func swaggerPage(c *gin.Context) { c.Data(http.StatusOK, "text/html; charset=utf-8", swaggerIndex) }
