module mossbox.test/ossutil

go 1.18

require github.com/aliyun/ossutil v1.7.19
