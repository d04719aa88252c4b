module mossbox.test/go_v1

go 1.18

require (
	github.com/aliyun/aliyun-oss-go-sdk v3.0.2+incompatible
	golang.org/x/time v0.4.0 // indirect
)
