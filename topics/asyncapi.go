package topics

import _ "embed"

// AsyncAPI is the producers' and consumers' contract as one AsyncAPI 3 document in YAML: the topics that shops write and
// those that others read, their events, schemas and samples. It is made from topics.yaml, the schemas, the frozen samples
// and the limits of this package (cmd/jifen, TestDocsAsyncAPI).
//
//go:embed asyncapi.yaml
var AsyncAPI []byte
