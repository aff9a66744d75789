using Coord.Kv;
using Coord.Protocol.Etcd;
using Google.Protobuf.Collections;
using CompareResult = Coord.Protocol.Etcd.Compare.Types.CompareResult;
using CompareTarget = Coord.Protocol.Etcd.Compare.Types.CompareTarget;

namespace Coord.AspNetCore.Handlers;

/// <summary>Transactions between the protocol and the store.</summary>
internal static class TransactionWire
{
    /// <summary>Reads a transaction that has passed the checks.</summary>
    public static Transaction Transaction(TxnRequest request)
    {
        List<Comparison> conditions = new(request.Compare.Count);
        foreach (Compare compare in request.Compare)
        {
            if (Comparison(compare) is { } comparison)
                conditions.Add(comparison);
        }

        return new Transaction
        {
            Conditions = conditions,
            Success = Operations(request.Success),
            Failure = Operations(request.Failure),
        };
    }

    /// <summary>Writes an answer, but for the header, which only the outermost transaction fills.</summary>
    public static TxnResponse Response(TransactionResult result)
    {
        TxnResponse response = new() { Succeeded = result.Succeeded };
        foreach (OperationResult operation in result.Results)
            response.Responses.Add(Response(operation));
        return response;
    }

    private static Operation[] Operations(RepeatedField<RequestOp> requests)
    {
        Operation[] operations = new Operation[requests.Count];
        for (int i = 0; i < operations.Length; i++)
            operations[i] = Operation(requests[i]);
        return operations;
    }

    private static Operation Operation(RequestOp request) => request.RequestCase switch
    {
        RequestOp.RequestOneofCase.RequestPut => Kv.Operation.Put(
            request.RequestPut.Key.Memory, request.RequestPut.Value.Memory, Wire.Options(request.RequestPut)),
        RequestOp.RequestOneofCase.RequestRange => Kv.Operation.Get(
            Wire.Range(request.RequestRange.Key, request.RequestRange.RangeEnd), Wire.Options(request.RequestRange)),
        RequestOp.RequestOneofCase.RequestDeleteRange => Kv.Operation.Delete(
            Wire.Range(request.RequestDeleteRange.Key, request.RequestDeleteRange.RangeEnd),
            Wire.Options(request.RequestDeleteRange)),
        _ => Kv.Operation.Nested(Transaction(request.RequestTxn)),
    };

    /// <summary>Reads a condition; what etcd does not understand about one it takes for fulfilled.</summary>
    private static Comparison? Comparison(Compare compare)
    {
        KeyRange range = Wire.Range(compare.Key, compare.RangeEnd);
        ComparisonOperator? comparison = compare.Result switch
        {
            CompareResult.Equal => ComparisonOperator.Equal,
            CompareResult.Greater => ComparisonOperator.Greater,
            CompareResult.Less => ComparisonOperator.Less,
            CompareResult.NotEqual => ComparisonOperator.NotEqual,
            _ => null,
        };
        if (comparison is not { } known)
            return null;

        // A number or value that is not there, or is another target's, reads as zero or empty: as etcd has it.
        return compare.Target switch
        {
            CompareTarget.Version => Kv.Comparison.OfVersion(range, known, compare.Version),
            CompareTarget.Create => Kv.Comparison.OfCreateRevision(range, known, new(compare.CreateRevision)),
            CompareTarget.Mod => Kv.Comparison.OfModRevision(range, known, new(compare.ModRevision)),
            CompareTarget.Value => Kv.Comparison.OfValue(range, known, compare.Value.Memory),
            CompareTarget.Lease => Kv.Comparison.OfLease(range, known, new(compare.Lease)),

            // With nothing to compare, both sides are equal: true for "equal" and never for the others.
            _ => known is ComparisonOperator.Equal
                ? null
                : Kv.Comparison.OfVersion(range, ComparisonOperator.Less, 0),
        };
    }

    private static ResponseOp Response(OperationResult result)
    {
        ResponseOp response = new();
        if (result.Put is { } put)
        {
            response.ResponsePut = new PutResponse { Header = Header(put.Revision) };
            if (put.Previous is not null)
                response.ResponsePut.PrevKv = Wire.KeyValue(put.Previous);
        }
        else if (result.Get is { } get)
        {
            response.ResponseRange = new RangeResponse { Header = Header(get.Revision) };
            Wire.Fill(response.ResponseRange, get);
        }
        else if (result.Delete is { } delete)
        {
            response.ResponseDeleteRange = new DeleteRangeResponse { Header = Header(delete.Revision) };
            Wire.Fill(response.ResponseDeleteRange, delete);
        }
        else if (result.Nested is { } nested)
        {
            response.ResponseTxn = Response(nested);
            response.ResponseTxn.Header = new ResponseHeader();
        }

        return response;
    }

    /// <summary>Within a transaction a header has the revision alone.</summary>
    private static ResponseHeader Header(Revision revision) => new() { Revision = revision.Value };
}
