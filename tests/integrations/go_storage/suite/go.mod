module mossbox.test/go_storage

go 1.18

require (
	github.com/beyondstorage/go-integration-test/v4 v4.4.0
	github.com/beyondstorage/go-service-oss/v2 v2.4.0
	github.com/beyondstorage/go-storage/v4 v4.7.0
	gopkg.in/yaml.v3 v3.0.1
)

require (
	github.com/aliyun/aliyun-oss-go-sdk v2.1.10+incompatible // indirect
	github.com/beyondstorage/go-endpoint v1.1.0 // indirect
	github.com/google/uuid v1.3.0 // indirect
	github.com/jtolds/gls v4.20.0+incompatible // indirect
	github.com/smartystreets/assertions v0.0.0-20180927180507-b2de0cb4f26d // indirect
	github.com/smartystreets/goconvey v1.6.4 // indirect
	golang.org/x/time v0.0.0-20191024005414-555d28b269f0 // indirect
)
