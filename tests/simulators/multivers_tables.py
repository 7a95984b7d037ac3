# SPDX-License-Identifier: MIT
"""The shapes of Multivers' resources: property → type, as far as they are published.

Types: s8 text of at most 8 characters, d date, m amount in cents, n number, i whole number,
b truth, xN..M whole number within, A|P one of the words, [Name] a list of objects of that
shape, ro what the service computes: it may come back in a PUT, unchanged. A * behind the
type: required when it is made.
"""


def shape(text):
    made = {}
    for word in text.split():
        names, _, kind = word.partition(":")
        for name in names.split(","):
            made[name] = kind
    return made


PARTY = """name:s40 street1,street2:s40 zipCode:s10 city:s30 countryId,currencyId,languageId:s3
    telephone,fax,mobilePhone:s25 email:s60 homepage:s65 vatNumber:s30 cocRegistration:s12 cocCity:s30
    cocDate:d businessNumber:s15 paymentConditionId:s3 deliveryConditionId:s3
    organizationId:x1..99999999 vatScenarioId:i addresses:[Address] journalId:s3 combineInvoicesForElectronicBanking:b
    dateChanged,dateCreated,fullAddress,messages,freeFields,rating:ro"""
AMOUNTS = " ".join("%s,%sCur:m" % (name, name) for name in ("debitAmount", "creditAmount"))
INVOICE = """fiscalYear:i* periodNumber:i* journalId:s3* journalTransaction:i* invoiceDate:d*
    paymentConditionId:s3* invoiceExpirationDate:d* rebateExpirationDate:d* invoiceId:s8* reference:s60
    paymentReference:s16 currencyId:s3 exchangeRate:n invoiceType:x0..3 orderId:s20 mandateId:s12 vatOnInvoice:b
    vatScenarioId:i autoCalculateVat:b vatAdjusted:b processedBy:s55 processedById:s8 contactPerson:s55
    contactPersonId:s8 accountManagerId:s8 openingBalance:b amountCreditSqueezeCur:m rebatePercentage:n
    vatTransactionLines:[Vat]
    amountTotal,amountTotalCur,totalAmountVatExcl,totalAmountVatExclCur,vatAmount,vatAmountCur:ro
    canChange,cannotChangeReason,messages:ro"""
LINE = "accountId:s8* costCentreId,costUnitId:s8 " + AMOUNTS + """ description:s100 quantity:n
    transactionDate:d* vatCodeId:i vatType:x0..7 entryType:x-1..6 vatAmount,vatAmountCur:m"""

SHAPES = {
    "Customer": shape(PARTY + """ shortName:s8* customerId:s8 customerGroupId:x0..9 customerStateId:A|P
        chargeVatTypeId:x0..2 revenueAccountId:s8 accountManagerId:s8 pricelistId:s3 supplierId:s8
        creditLimit:x0..999999999 discountPercentage:n creditSqueezeId:s1 person:s55"""),
    "Supplier": shape(PARTY + """ shortName:s8 supplierId:s8 supplierGroupId:x0..9 expenseAccountId:s8 customerId:s8
        customerIdSupplier:s30 isPaymentRefRequired:b isSubcontractor:b firstName,lastName:s55"""),
    "Address": shape("""addressGuid:s32 addressType:x0..2* contactPerson:s55 street1,street2:s40 zipCode:s10 city:s30
        countryId:s3"""),
    "BankAccount": shape("""organizationId:x1..99999999* iban:s34 bic:s11 accountholderName:s55 name:s20 preferred:b
        blocked:b"""),
    "CustomerInvoice": shape(INVOICE + " customerId:s8* customerInvoiceLines:[Line]*"),
    "SupplierInvoice": shape(INVOICE + """ supplierId:s8* supplierInvoiceLines:[ProjectLine]* amountFrozen:m
        amountFrozenCur:m supplierIsSubcontractor:b"""),
    "Line": shape(LINE), "ProjectLine": shape(LINE + " projectId:s8"),
    "Vat": shape("""vatCodeId:i* vatScenarioId:i* vatType:x0..7* amountTurnoverCur:m* vatAmountCur:m*
        amountNotDeductibleCur:m currencyId:s3 fiscalYear:i*"""),
    "FinTrans": shape("""fiscalYear:i* periodNumber:i* journalId:s3* journalTransaction:i* transactionDate:d*
        description:s100 document:s30 currencyId:s3 exchangeRate:n openingBalanceTransaction:b previousBalance:m
        finTransEntries:[Entry]* totalDebitAmount,totalCreditAmount,messages:ro"""),
    "BasicEntry": shape("""accountId:s8* debitAmount,creditAmount:m description:s100 document:s30
        costCentreId,costUnitId:s8 transactionDate:d* quantity:n vatCodeId:i vatAmount:m vatIncluded:b vatType:x0..7 vatScenarioId:i vatChanged:b
        nondeductibleVatPercentage:n"""),
    "CustomerEntry": shape("customerId:s8* transactionDate:d* customerEntryPayments:[Payment]*"),
    "SupplierEntry": shape("supplierId:s8* transactionDate:d* supplierEntryPayments:[Payment]*"),
    "Payment": shape("invoiceId:s8* amountPaidCur:m* description:s100"),
}

# What the lists show, by their names in $orderby, $filter and $select.
INVOICE_ROW = """invoiceId invoiceReference paymentReference invoiceDate invoiceExpirationDate fiscalYear journalId
    currencyId exchangeRate invoiceAmount invoiceAmountCur invoiceBalance invoiceBalanceCur settledAmount
    settledAmountCur vatAmount vatAmountCur turnoverAmount state daysOld reminderCount paymentConditionId paymentDate
    isAdvance rebateRemaining rebateRemainingCur creditSqueezeRemaining creditSqueezeRemainingCur"""
PARTY_ROW = """name shortName street1 street2 zipCode city countryId currencyId email telephone vatNumber
    paymentConditionId organizationId vatScenarioId cocRegistration"""
ROWS = {name: words.split() for name, words in {
    "FiscalYearInfoList": "fiscalYear description startDate endDate",
    "PeriodInfoList": "fiscalYear periodNumber description startDate endDate",
    "JournalInfoList": """accountId amendmentBalance bankAccountId currencyId description endBalance
        entriesToMatchCount fiscalYear journalId journalKind journalTransaction journalType
        lastElectronicTransactionDate lastTransactionDate openingBalanceJournal rangeId sequenceNumber
        sheetNumberDay sheetNumberPeriod startBalance""",
    "AccountInfoList": "accountId description fiscalYear", "VatCodeInfoList":
    "description vatCodeId vatPercentage vatPercentagesByDate",
    "JournalTransactionInfoList": "description newBalance previousBalance transactionDate transactionId",
    "SalesVatScenarioInfoList": "vatScenarioId description fiscalYear",
    "PurchaseVatScenarioInfoList": "vatScenarioId description fiscalYear",
    "VatScenarioRuleInfoList": """amountType fiscalYear invoiceType negateAmount vatCodeId vatScenarioId vatSection
        vatType""",
    "PaymentConditionInfoList": "paymentConditionId description", "CostCentreInfoList": "costCentreId description",
    "CostUnitInfoList": "costUnitId description", "CountryInfoList": "countryId description",
    "CurrencyInfoList": "currencyId description", "CustomerGroupInfoList": "customerGroupId description",
    "CustomerInfoList": PARTY_ROW + " customerId", "SupplierInfoList": PARTY_ROW + " supplierId",
    "BankAccountInfoList": "organizationId iban bic accountholderName name preferred blocked",
    "CustomerInvoiceInfoList": INVOICE_ROW + " customerId customerName",
    "SupplierInvoiceInfoList": INVOICE_ROW + " supplierId supplierName",
}.items()}
# Lists of {name, value}: neither is a property that could be asked for, and they come whole.
NVL = ("AdministrationNVL", "JournalTypeNVL", "AccountNVL", "CustomerNVL", "SupplierNVL", "SupplierGroupNVL")
PROXY = ("UNIT4.Multivers.API.BL.Financial.Edit.%sEntryProxy, UNIT4.Multivers.API.Web.WebApi.Model")
