using System.Globalization;
using System.Text;
using Coord.AspNetCore.Handlers;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Hot;

/// <summary>The status of a gRPC call, as HTTP carries it.</summary>
internal static class PlainStatus
{
    public const string ContentType = "application/grpc";
    public const string Header = "grpc-status";
    public const string Ok = "0";
    public const string MessageHeader = "grpc-message";

    /// <summary>Answers with a status and nothing else; of a response that nothing has been written to.</summary>
    public static void Refuse(HttpResponse response, EtcdError error)
    {
        response.ContentType = ContentType;
        response.Headers[Header] = ((int)error.Code).ToString(CultureInfo.InvariantCulture);
        response.Headers[MessageHeader] = Encode(error.Text);
    }

    /// <summary>Encodes a text as the protocol wants it: all but printable ASCII by its bytes in UTF-8.</summary>
    public static string Encode(string text)
    {
        if (text.All(IsPlain))
            return text;

        StringBuilder encoded = new();
        foreach (byte next in Encoding.UTF8.GetBytes(text))
        {
            if (IsPlain((char)next))
                encoded.Append((char)next);
            else
                encoded.Append(CultureInfo.InvariantCulture, $"%{next:X2}");
        }

        return encoded.ToString();
    }

    private static bool IsPlain(char c) => c is >= ' ' and <= '~' and not '%';
}
