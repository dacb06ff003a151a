module example.com/parcel-tracker/gateway

go 1.22
