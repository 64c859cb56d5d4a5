module bandwidthmock

go 1.19
